//! `-generate`: blocks for a new address of the node's wallet.

use serde_json::{Value, json};

use crate::connection::Connection;
use crate::output::Printed;
use crate::{Failure, convert};

/// `words` are the number of blocks and of attempts, both optional.
pub(crate) fn run(connection: &Connection, mut words: Vec<String>) -> Result<Printed, Failure> {
    let new_address = connection.call("getnewaddress", &json!([]))?;
    let Some(address) = new_address["result"].as_str().filter(|_| new_address["error"].is_null()) else {
        return Ok(Printed::reply(&new_address));
    };
    if words.len() > 2 {
        return Err(Failure::Usage("too many arguments (maximum 2 for nblocks and maxtries)".to_owned()));
    }
    match words.first().map(String::as_str) {
        None => words.push("1".to_owned()),
        Some("0") => {
            return Err(Failure::Usage(
                "the first argument (number of blocks to generate, default: 1) must be an integer value greater than zero"
                    .to_owned(),
            ));
        }
        Some(_) => {}
    }
    words.insert(1, address.to_owned());
    let params: Value = convert::positional("generatetoaddress", &words).map_err(Failure::Usage)?;
    let reply = connection.call("generatetoaddress", &params)?;
    if !reply["error"].is_null() {
        return Ok(Printed::reply(&reply));
    }
    Ok(Printed::result(&json!({"address": address, "blocks": reply["result"]})))
}

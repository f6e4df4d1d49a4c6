//! `logging`.

use serde_json::{Map, Value};

use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "logging",
    category: "control",
    args: &[
        Arg::optional("include", ArgKind::Array("[\"include_category\",...]"), "Categories to switch on."),
        Arg::optional("exclude", ArgKind::Array("[\"exclude_category\",...]"), "Categories to switch off, after that."),
    ],
    description: "Tells which categories are logged in detail, and changes them. \"all\" and \"1\" stand for every category, \
                  \"none\" and \"0\" for no change. Called without arguments, it only tells.",
    result: "{                        (json object)\n  \"category\" : true|false,   (boolean) Logged in detail or not.\n  ...\n}",
    examples: &["", "'[\"all\"]' '[\"http\"]'"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    for (index, on) in [(0, true), (1, false)] {
        let Value::Array(categories) = call.param(index) else { continue };
        for category in categories {
            let category = convert::as_str(category)?;
            if !call.node.log().set(category, on) {
                return Err(RpcError::invalid_parameter(format!("unknown logging category {category}")));
            }
        }
    }
    let categories = call.node.log().categories().into_iter();
    let states: Map<String, Value> = categories.map(|(name, on)| (name.to_owned(), Value::Bool(on))).collect();
    Ok(Value::Object(states))
}

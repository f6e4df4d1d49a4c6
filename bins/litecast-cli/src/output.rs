//! Answers as text: strings as they are, everything else as JSON indented by two, errors on standard error.

use std::process::ExitCode;

use serde_json::Value;

/// What to print, and what to exit with.
pub(crate) struct Printed {
    text: String,
    code: u8,
}

impl Printed {
    /// An answer.
    pub(crate) fn result(result: &Value) -> Self {
        let text = match result {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => pretty(other),
        };
        Self { text, code: 0 }
    }

    /// No answer.
    pub(crate) fn failure(message: &str) -> Self {
        Self { text: format!("error: {message}"), code: 1 }
    }

    /// A reply object: its result, or its error.
    pub(crate) fn reply(reply: &Value) -> Self {
        match &reply["error"] {
            Value::Null => Self::result(&reply["result"]),
            error => Self::error(error),
        }
    }

    /// An error object. The exit code is the low byte of the error code's size, as that of litecoin-cli.
    fn error(error: &Value) -> Self {
        let number = error["code"].as_i64();
        let mut text = String::new();
        if error.is_object() {
            if !error["code"].is_null() {
                text.push_str(&format!("error code: {}\n", error["code"]));
            }
            if let Some(message) = error["message"].as_str() {
                text.push_str(&format!("error message:\n{message}"));
            }
        } else {
            text = format!("error: {error}");
        }
        let low_byte = number.unwrap_or(1).unsigned_abs().to_le_bytes()[0];
        Self { text, code: low_byte }
    }

    /// Prints it.
    pub(crate) fn print(&self) -> ExitCode {
        if self.code == 0 {
            if !self.text.is_empty() {
                println!("{}", self.text);
            }
        } else {
            eprintln!("{}", self.text);
        }
        ExitCode::from(self.code)
    }
}

/// JSON as the reference indents it: an empty list or object takes two lines.
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 1, &mut text);
    text
}

fn write(value: &Value, level: usize, text: &mut String) {
    let (open, close, members): (char, char, Vec<(Option<&String>, &Value)>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
        Value::Object(map) => ('{', '}', map.iter().map(|(name, item)| (Some(name), item)).collect()),
        other => return text.push_str(&other.to_string()),
    };
    text.push(open);
    text.push('\n');
    let last = members.len().saturating_sub(1);
    for (index, (name, item)) in members.into_iter().enumerate() {
        text.push_str(&"  ".repeat(level));
        if let Some(name) = name {
            text.push_str(&format!("{}: ", Value::String(name.clone())));
        }
        write(item, level + 1, text);
        text.push_str(if index == last { "\n" } else { ",\n" });
    }
    text.push_str(&"  ".repeat(level - 1));
    text.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_indented_as_by_litecoin_cli() {
        // Oracle: litecoin-cli 0.21.2.1 echojson.
        assert_eq!(pretty(&json!([])), "[\n]");
        assert_eq!(
            pretty(&json!([{}, {"a": [1, "x"]}])),
            "[\n  {\n  },\n  {\n    \"a\": [\n      1,\n      \"x\"\n    ]\n  }\n]"
        );
        let exact: Value = serde_json::from_str("{\"a\":0.00000001}").unwrap();
        assert_eq!(pretty(&exact), "{\n  \"a\": 0.00000001\n}");
    }

    #[test]
    fn errors_show_code_and_message() {
        let printed =
            Printed::reply(&json!({"result": null, "error": {"code": -32601, "message": "Method not found"}}));
        assert_eq!((printed.text.as_str(), printed.code), ("error code: -32601\nerror message:\nMethod not found", 89));
        assert_eq!(Printed::reply(&json!({"result": "text", "error": null})).text, "text");
    }
}

//! The server in this process, driven over real sockets by a hand-written HTTP client and by litecoin-cli. Expected statuses,
//! codes and texts are those of litecoind v0.21.5.5 (its `test/functional/interface_rpc.py`, `interface_http.py`,
//! `rpc_users.py`, `rpc_whitelist.py`, `rpc_named_arguments.py`, `rpc_help.py`, `rpc_misc.py`).

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "server/harness.rs"]
mod harness;

use harness::{Client, Node, Reply, USER};

/// Starts a node, runs the (blocking) test beside it, and stops it.
fn with_node(change: impl FnOnce(&mut litecast_rpc::ServerConfig), test: impl FnOnce(&Node)) {
    let node = Node::start(change);
    node.rpc.set_warmup_finished();
    test(&node);
    node.stop();
}

fn error_of(reply: &Reply) -> (u16, i64, String) {
    let body = reply.json();
    assert_eq!(body["result"], Value::Null, "{body}");
    let code = body["error"]["code"].as_i64().expect("a code");
    (reply.status, code, body["error"]["message"].as_str().expect("a message").to_owned())
}

#[test]
fn calls_and_errors() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let reply = client.rpc(r#"{"method":"uptime","id":7}"#);
            assert_eq!((reply.status, reply.body.as_str()), (200, "{\"result\":42,\"error\":null,\"id\":7}\n"));
            assert_eq!(reply.header("content-type"), Some("application/json"));
            // Numbers go through as they are, ids of any type too.
            let reply = client.rpc(r#"{"method":"echo","params":[0.00000001,1e2,12345678901234567890],"id":"x"}"#);
            assert_eq!(
                reply.body,
                "{\"result\":[0.00000001,1e2,12345678901234567890],\"error\":null,\"id\":\"x\"}\n"
                    .replace("1e2", "1e+2")
            );
            let mut fails = |body: &str, status: u16, code: i64, message: &str| {
                assert_eq!(error_of(&client.rpc(body)), (status, code, message.to_owned()), "{body}");
            };
            fails(r#"{"method":"nope"}"#, 404, -32601, "Method not found");
            fails(r#"{"params":[]}"#, 400, -32600, "Missing method");
            fails(r#"{"method":1}"#, 400, -32600, "Method must be a string");
            fails(r#"{"method":"echo","params":1}"#, 400, -32600, "Params must be an array or object");
            fails("{", 500, -32700, "Parse error");
            fails("", 500, -32700, "Parse error");
            fails("3", 500, -32700, "Top-level object parse error");
            fails(r#"{"method":"help","params":{"random":"x"}}"#, 500, -8, "Unknown named parameter random");
            fails(r#"{"method":"help","params":[0]}"#, 500, -1, "JSON value is not a string as expected");
            fails(r#"{"method":"getmemoryinfo","params":["foobar"]}"#, 500, -8, "unknown mode foobar");
            fails(r#"{"method":"logging","params":[["nope"]]}"#, 500, -8, "unknown logging category nope");
            fails(
                r#"{"method":"echo","params":{"arg9":"trigger_internal_bug"}}"#,
                500,
                -1,
                "Internal bug detected: 'request.params[9].get_str() != \"trigger_internal_bug\"'",
            );
            fails(r#"{"method":"panic"}"#, 500, -1, "Internal bug detected: the handler of panic panicked");
            let (status, code, message) = error_of(&client.rpc(r#"{"method":"help","params":["foo","bar"]}"#));
            assert_eq!((status, code), (500, -1));
            assert!(message.starts_with("help ( \"command\" )\n"), "{message}");
        },
    );
}

#[test]
fn named_arguments() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let mut echo = |params: Value| {
                client.rpc(&json!({"method": "echo", "params": params}).to_string()).json()["result"].clone()
            };
            assert_eq!(echo(json!({})), json!([]));
            assert_eq!(echo(json!({"arg1": 1})), json!([null, 1]));
            assert_eq!(
                echo(json!({"arg9": null})),
                json!([null, null, null, null, null, null, null, null, null, null])
            );
            assert_eq!(echo(json!({"arg3": 3, "arg0": 0})), json!([0, null, null, 3]));
        },
    );
}

#[test]
fn batches_and_version_2() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let reply = client
                .rpc(r#"[{"method":"uptime","id":1},{"method":"nope","id":2},5,{"jsonrpc":"2.0","method":"uptime"}]"#);
            assert_eq!(reply.status, 200);
            assert_eq!(
                reply.json(),
                json!([
                    {"result": 42, "error": null, "id": 1},
                    {"result": null, "error": {"code": -32601, "message": "Method not found"}, "id": 2},
                    {"result": null, "error": {"code": -32600, "message": "Invalid Request object"}, "id": null},
                ])
            );
            assert_eq!(client.rpc("[]").body, "[]\n");
            let reply = client.rpc(r#"{"jsonrpc":"2.0","method":"uptime","id":null}"#);
            assert_eq!((reply.status, reply.json()), (200, json!({"jsonrpc": "2.0", "result": 42, "id": null})));
            let reply = client.rpc(r#"{"jsonrpc":"2.0","method":"nope","id":1}"#);
            let error = json!({"code": -32601, "message": "Method not found"});
            assert_eq!((reply.status, reply.json()), (200, json!({"jsonrpc": "2.0", "error": error, "id": 1})));
            for notification in [r#"{"jsonrpc":"2.0","method":"nope"}"#, r#"[{"jsonrpc":"2.0","method":"uptime"}]"#] {
                let reply = client.rpc(notification);
                assert_eq!((reply.status, reply.body.as_str()), (204, ""), "{notification}");
            }
            // 1.0 and 1.1 say so too, and are served as ever; without an id the reply's is null.
            assert_eq!(
                client.rpc(r#"{"jsonrpc":"1.0","method":"uptime"}"#).json(),
                json!({"result": 42, "error": null, "id": null})
            );
        },
    );
}

#[test]
fn statuses_below_json() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            assert_eq!(client.send("GET", "/", "", "").status, 405);
            let reply = client.send("PUT", "/", "", "");
            assert_eq!((reply.status, reply.body.as_str()), (405, "JSONRPC server handles only POST requests"));
            assert_eq!(client.send("DELETE", "/", "", "").status, 405);
            assert_eq!(client.send("GET", &format!("/{}", "x".repeat(1000)), "", "").status, 404);
            assert_eq!(client.send("POST", "/wallet/x", "", "{}").status, 404);
            assert_eq!(node.client().send("GET", &format!("/{}", "x".repeat(10_000)), "", "").status, 400);
            assert_eq!(client.send("GET", "/extra/a?b", "", "").body, "GET a?b");

            let mut client = node.client();
            let reply = client.send("POST", "/", "", r#"{"method":"uptime"}"#);
            assert_eq!(reply.status, 401);
            assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"jsonrpc\""));
            let start = Instant::now();
            let reply = node.client_as("user", "wrong").rpc(r#"{"method":"uptime"}"#);
            assert_eq!(reply.status, 401);
            assert!(start.elapsed() >= Duration::from_millis(250), "a wrong password takes time");
        },
    );
}

#[test]
fn oversized_body_is_refused_before_it_is_sent() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let reply = client.send_head("POST", "/", &format!("{}Content-Length: 33554433\r\n", client.auth()));
            assert_eq!(reply.status, 413);
        },
    );
}

#[test]
fn connections_are_kept_and_closed_as_asked() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            for _ in 0..3 {
                assert_eq!(client.rpc(r#"{"method":"uptime"}"#).status, 200);
            }
            let auth = client.auth();
            let reply = client.send("POST", "/", &format!("{auth}Connection: close\r\n"), r#"{"method":"uptime"}"#);
            assert_eq!(reply.status, 200);
            assert!(client.is_closed());
        },
    );
}

#[test]
fn slow_requests_are_dropped() {
    with_node(
        |config| config.timeout = Duration::from_secs(1),
        |node| {
            let mut client = node.client();
            client.write("POST / HTTP/1.1\r\n");
            assert!(client.is_closed(), "half a head");
            let mut client = node.client();
            let auth = client.auth();
            assert_eq!(client.send_head("POST", "/", &format!("{auth}Content-Length: 5\r\n")).status, 408, "no body");
        },
    );
}

#[test]
fn whitelists() {
    let users = |config: &mut litecast_rpc::ServerConfig| {
        config.auth.users = vec![
            "user1:50358aa884c841648e0700b073c32b2e$b73e95fff0748cc0b517859d2ca47d9bac1aa78231f3e48fa9222b612bd2083e"
                .into(),
            "user2:8650ba41296f62092377a38547f361de$4620db7ba063ef4e2f7249853e9f3c5c3592a9619a759e3e6f1c63f2e22f1d21"
                .into(),
        ];
        config.auth.whitelist = vec!["user1:uptime,echo,".into()];
        config.auth.whitelist_default = true;
    };
    with_node(users, |node| {
        let mut user1 = node.client_as("user1", "12345");
        assert_eq!(user1.rpc(r#"{"method":"uptime"}"#).status, 200);
        assert_eq!(user1.rpc(r#"{"method":"help"}"#).status, 403);
        assert_eq!(user1.rpc(r#"[{"method":"uptime"},{"method":"help"}]"#).status, 403);
        assert_eq!(user1.rpc(r#"[{"method":"uptime"},{"method":"echo"}]"#).status, 200);
        assert_eq!(node.client_as("user2", "54321").rpc(r#"{"method":"uptime"}"#).status, 403, "no list of its own");
    });
    let no_default = |config: &mut litecast_rpc::ServerConfig| {
        users(config);
        config.auth.whitelist_default = false;
    };
    with_node(no_default, |node| {
        assert_eq!(node.client_as("user2", "54321").rpc(r#"{"method":"uptime"}"#).status, 200);
    });
}

#[test]
fn the_node_says_what_it_is_busy_with() {
    let node = Node::start(|_| {});
    let mut client = node.client();
    let uptime = r#"{"method":"uptime"}"#;
    assert_eq!(error_of(&client.rpc(uptime)), (500, -28, "RPC server started".to_owned()));
    node.rpc.set_warmup_status("Loading block index...");
    assert_eq!(error_of(&client.rpc(uptime)), (500, -28, "Loading block index...".to_owned()));
    node.rpc.set_warmup_finished();
    assert_eq!(client.rpc(uptime).status, 200);
    node.stop();
}

#[test]
fn a_full_work_queue_is_503_and_handlers_do_not_block_the_server() {
    let small = |config: &mut litecast_rpc::ServerConfig| {
        config.threads = 1;
        config.work_queue = 1;
    };
    with_node(small, |node| {
        let block = r#"{"method":"block"}"#;
        let mut running = node.client();
        running.send_only(block);
        node.wait_until_blocked();
        // Of the next five calls one waits in the queue, whichever the server reads first; the others are refused.
        let (sender, replies) = std::sync::mpsc::channel();
        for _ in 0..5 {
            let (mut client, sender) = (node.client(), sender.clone());
            client.send_only(block);
            std::thread::spawn(move || sender.send(client.read()));
        }
        for _ in 0..4 {
            let reply = replies.recv().unwrap();
            assert_eq!((reply.status, reply.body.as_str()), (503, "Work queue depth exceeded"));
        }
        // Requests that need no worker are answered meanwhile.
        assert_eq!(node.client().send("GET", "/", "", "").status, 405);
        node.release();
        assert_eq!(running.read().status, 200);
        assert_eq!(replies.recv().unwrap().status, 200);
    });
}

#[test]
fn stop_is_answered_and_the_cookie_goes() {
    let dir = tempfile::tempdir().unwrap();
    let cookie = dir.path().join(".cookie");
    let node = Node::start(|config| {
        config.auth.user_password = None;
        config.auth.cookie_file = cookie.clone();
    });
    node.rpc.set_warmup_finished();
    let text = std::fs::read_to_string(&cookie).unwrap();
    let (user, password) = text.split_once(':').unwrap();
    let mut client = node.client_as(user, password);
    client.send_only(r#"{"method":"stop","params":[200]}"#);
    node.wait_for_stop_request();
    let stopping = std::thread::spawn(move || node.stop());
    assert_eq!(client.read().json()["result"], "Litecast stopping");
    stopping.join().unwrap();
    assert!(!cookie.exists());
}

#[test]
fn help_lists_and_explains() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let mut help = |params: Value| {
                let reply = client.rpc(&json!({"method": "help", "params": params}).to_string()).json();
                reply["result"].as_str().expect("a text").to_owned()
            };
            let list = help(json!([]));
            assert_eq!(
                list,
                "== Control ==\ngetmemoryinfo ( \"mode\" )\ngetrpcinfo\nhelp ( \"command\" )\nlogging ( \
                 [\"include_category\",...] [\"exclude_category\",...] )\nstop\nuptime"
            );
            assert_eq!(help(json!(["foo"])), "help: unknown command: foo");
            for method in node.rpc.registry().iter() {
                let page = help(json!([method.name]));
                assert!(page.starts_with(method.name) && page.contains("\nResult:\n"), "{page}");
            }
        },
    );
}

#[test]
fn state_of_server_and_log() {
    with_node(
        |_| {},
        |node| {
            let mut client = node.client();
            let info = client.rpc(r#"{"method":"getrpcinfo"}"#).json()["result"].clone();
            assert_eq!(info["active_commands"][0]["method"], "getrpcinfo");
            assert!(info["active_commands"][0]["duration"].is_u64());
            assert_eq!(info["logpath"], "/the/debug.log");
            let log = client.rpc(r#"{"method":"logging","params":[["net"],["zmq"]]}"#).json()["result"].clone();
            assert_eq!(log, json!({"net": true, "zmq": false}));
        },
    );
}

/// The reference's own client, as Debian packages it.
#[test]
fn litecoin_cli_is_content() {
    let cli = Path::new("/usr/bin/litecoin-cli");
    if !cli.exists() {
        eprintln!("skipped: litecoin-cli is not installed");
        return;
    }
    with_node(
        |_| {},
        |node| {
            let dir = tempfile::tempdir().unwrap();
            let run = |args: &[&str]| {
                let output = Command::new(cli)
                    .arg(format!("-datadir={}", dir.path().display()))
                    .arg("-rpcconnect=127.0.0.1")
                    .arg(format!("-rpcport={}", node.address().port()))
                    .arg(format!("-rpcuser={}", USER.0))
                    .arg(format!("-rpcpassword={}", USER.1))
                    .args(args)
                    .output()
                    .expect("run litecoin-cli");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
                (output.status.code(), text(&output.stdout), text(&output.stderr))
            };
            assert_eq!(run(&["uptime"]), (Some(0), "42".to_owned(), String::new()));
            assert_eq!(run(&["echo", "a"]).1, "[\n  \"a\"\n]");
            assert_eq!(run(&["-named", "echojson", "arg1={\"a\":0.1}"]).1, "[\n  null,\n  {\n    \"a\": 0.1\n  }\n]");
            assert!(run(&["help"]).1.starts_with("== Control ==\n"));
            let (code, _, errors) = run(&["nope"]);
            assert_eq!((code, errors.as_str()), (Some(89), "error code: -32601\nerror message:\nMethod not found"));
            let (code, _, errors) = run(&["help", "a", "b"]);
            assert!(
                code == Some(1) && errors.starts_with("error code: -1\nerror message:\nhelp ( \"command\" )"),
                "{errors}"
            );
            let (code, _, errors) = run(&["-rpcpassword=wrong", "uptime"]);
            assert_eq!(
                (code, errors.as_str()),
                (Some(1), "error: Authorization failed: Incorrect rpcuser or rpcpassword")
            );
        },
    );
}

#[test]
fn addresses_outside_the_list_are_403() {
    // Connections over loopback always come from an allowed address, so the list itself is asked; see also net's tests.
    let subnet = litecast_rpc::net::Subnet::parse("192.0.2.0/24").unwrap();
    assert!(!subnet.contains("127.0.0.1".parse().unwrap()));
    let mut client: Option<Client> = None;
    with_node(|config| config.allow_ip = vec!["192.0.2.0/24".into()], |node| client = Some(node.client()));
    assert!(client.is_some());
    let error = Node::try_start(|config| config.allow_ip = vec!["nonsense".into()]).err().expect("an error");
    assert!(error.starts_with("Invalid -rpcallowip subnet specification: nonsense."), "{error}");
}

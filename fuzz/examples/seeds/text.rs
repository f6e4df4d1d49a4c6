//! JSON and configuration.

use super::Seeds;

fn named(list: &[(&str, &str)]) -> Seeds {
    list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

pub(crate) fn requests() -> Seeds {
    let tx = "02000000000101c0ffee0000000000000000000000000000000000000000000000000000000000000000000000fdffffff01e803\
              0000000000001600140909090909090909090909090909090909090909010101aa00000000";
    let mut seeds = named(&[
        ("plain", r#"{"method":"echo","params":["a",1,-1.5e3,true,null,{"a":[]}],"id":1}"#),
        ("named", r#"{"jsonrpc":"2.0","method":"echo","params":{"arg0":"x","arg9":2},"id":"z"}"#),
        ("help", r#"{"method":"help","params":["getblock"]}"#),
        ("help-all", r#"{"method":"help"}"#),
        ("batch", r#"[{"method":"uptime"},{"method":"getrpcinfo","params":[]},{"method":"nothing"},7]"#),
        ("logging", r#"{"method":"logging","params":[["rpc"],["all","nope"]]}"#),
        ("memory", r#"{"method":"getmemoryinfo","params":["mallocinfo"]}"#),
        ("blockhash", r#"{"method":"getblockhash","params":[1e9]}"#),
        (
            "block",
            r#"{"method":"getblock","params":{"verbosity":2,"blockhash":"12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"}}"#,
        ),
        (
            "script",
            r#"{"method":"decodescript","params":["5121020202020202020202020202020202020202020202020202020202020202020251ae"]}"#,
        ),
        ("address", r#"{"method":"validateaddress","params":["ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"]}"#),
        ("proof", r#"{"method":"verifytxoutproof","params":["00"]}"#),
        ("txout", r#"{"method":"gettxout","params":["00",-1,true]}"#),
        ("node", r#"{"method":"addnode","params":["[::1]:9333","onetry"]}"#),
        ("generate", r#"{"method":"generateblock","params":["raw(51)",["00"]]}"#),
        ("stats", r#"{"method":"getnetworkhashps","params":[120,-1]}"#),
        ("submit", r#"{"method":"submitheader","params":["00"]}"#),
        ("mocktime", r#"{"method":"setmocktime","params":[9223372036854775808]}"#),
        ("nesting", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
    ]);
    let decode = format!(r#"{{"method":"decoderawtransaction","params":["{tx}",true]}}"#);
    seeds.push(("decode".to_owned(), decode.into_bytes()));
    seeds
}

pub(crate) fn configs() -> Seeds {
    named(&[
        ("conf", "\0listen=0\nport=1\n# comment\n[regtest]\nport=2\ntest.connect=127.0.0.1\nnolisten=1\ndbcache=1e9\n"),
        ("conf-hash", "\0rpcpassword=a#b\n"),
        ("conf-dash", "\0-listen=1\n"),
        ("conf-no-equals", "\0nolisten\n"),
        ("conf-double", "\0nonolisten=0\nregtest=1\ntestnet=1\nchain=regtest\n"),
        ("conf-crlf", "\0 listen = 1 \r\n\r\n[]\n[main]\n\tport\t=\t9\n=\n"),
        ("settings", "\u{1}{\"listen\": false, \"port\": 7, \"connect\": [\"a\", 1], \"nope\": null}"),
        ("settings-twice", "\u{1}{\"listen\": false, \"listen\": true}"),
        ("settings-array", "\u{1}[1]"),
        ("words", "\u{2}--port=1\n-nolisten\n-regtest\n-connect=\nword\n-port=2"),
        ("words-bad", "\u{2}-nostrict"),
        ("words-section", "\u{2}-regtest.port=1"),
    ])
}

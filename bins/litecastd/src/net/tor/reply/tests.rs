//! Facts of v0.21.5.5 src/test/torcontrol_tests.cpp.

use super::*;

#[test]
fn lines_split_at_the_first_space() {
    for (line, word, rest) in [
        ("PROTOCOLINFO PIVERSION", "PROTOCOLINFO", "PIVERSION"),
        ("AUTH METHODS=NULL", "AUTH", "METHODS=NULL"),
        ("COMMAND", "COMMAND", ""),
        ("COMMAND SOME  ARGS", "COMMAND", "SOME  ARGS"),
        ("COMMAND  ARGS", "COMMAND", " ARGS"),
        ("COMMAND   EVEN+more  ARGS", "COMMAND", "  EVEN+more  ARGS"),
    ] {
        assert_eq!(split_line(line), (word, rest), "{line}");
    }
}

#[test]
fn mappings() {
    type Pairs = &'static [(&'static str, &'static [u8])];
    let cases: [(&str, Pairs); 22] = [
        (
            r#"METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/home/x/.tor/control_auth_cookie""#,
            &[("METHODS", b"COOKIE,SAFECOOKIE"), ("COOKIEFILE", b"/home/x/.tor/control_auth_cookie")],
        ),
        ("METHODS=NULL", &[("METHODS", b"NULL")]),
        (r#"Tor="0.2.9.8 (git-a0df013ea241b026)""#, &[("Tor", b"0.2.9.8 (git-a0df013ea241b026)")]),
        ("SERVERHASH=aaaa SERVERNONCE=bbbb", &[("SERVERHASH", b"aaaa"), ("SERVERNONCE", b"bbbb")]),
        ("PrivateKey=RSA1024:BLOB", &[("PrivateKey", b"RSA1024:BLOB")]),
        ("Foo=Bar=Baz Spam=Eggs", &[("Foo", b"Bar=Baz"), ("Spam", b"Eggs")]),
        (r#"Foo="Bar=Baz""#, &[("Foo", b"Bar=Baz")]),
        (r#"Foo="Bar Baz""#, &[("Foo", b"Bar Baz")]),
        (r#"Foo="Bar\ Baz""#, &[("Foo", b"Bar Baz")]),
        (r#"Foo="Bar\Baz""#, &[("Foo", b"BarBaz")]),
        (r#"Foo="Bar\@Baz""#, &[("Foo", b"Bar@Baz")]),
        (r#"Foo="Bar\"Baz" Spam="\"Eggs\"""#, &[("Foo", b"Bar\"Baz"), ("Spam", b"\"Eggs\"")]),
        (r#"Foo="Bar\\Baz""#, &[("Foo", b"Bar\\Baz")]),
        (
            r#"Foo="Bar\nBaz\t" Spam="\rEggs" Octals="\1a\11\17\18\81\377\378\400\2222" Final=Check"#,
            &[
                ("Foo", b"Bar\nBaz\t"),
                ("Spam", b"\rEggs"),
                ("Octals", b"\x01a\x09\x0f\x01881\xff\x1f8 0\x922"),
                ("Final", b"Check"),
            ],
        ),
        (r#"Valid=Mapping Escaped="Escape\\""#, &[("Valid", b"Mapping"), ("Escaped", b"Escape\\")]),
        (r#"OneOctal="OneEnd\1" TwoOctal="TwoEnd\11""#, &[("OneOctal", b"OneEnd\x01"), ("TwoOctal", b"TwoEnd\x09")]),
        (r#"Null="\0""#, &[("Null", b"\0")]),
        ("SOME=args,here MORE optional=arguments  here", &[("SOME", b"args,here")]),
        ("MORE ARGS", &[]),
        ("EVEN more=ARGS", &[]),
        ("EVEN+more ARGS", &[]),
        ("", &[]),
    ];
    for (text, wanted) in cases {
        let found = parse_mapping(text).expect("because the line is whole");
        let wanted = wanted.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec()));
        assert_eq!(found, wanted.collect::<BTreeMap<_, _>>(), "{text}");
    }
    for text in [r#"Valid=Mapping Bare="Escape\""#, "ARGS", r#"Open="never"#] {
        assert_eq!(parse_mapping(text), None, "{text}");
    }
}

#[tokio::test]
async fn replies_of_several_lines() {
    let mut from: &[u8] = b"650 NOTICE\r\n250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n\r\n250 OK\r\n510 no\n";
    let reply = Reply::read(&mut from).await.expect("a reply").expect("a reply");
    assert_eq!((reply.code, reply.lines.len()), (250, 3));
    assert_eq!(reply.values("AUTH")["METHODS"], b"NULL");
    assert_eq!(Reply::read(&mut from).await.expect("a reply"), Some(Reply { code: 510, lines: vec!["no".into()] }));
    assert_eq!(Reply::read(&mut from).await.expect("an end"), None);
}

#[tokio::test]
async fn a_reply_without_end_is_refused() {
    let long = b"250-all the same\r\n".repeat(10_000);
    assert!(Reply::read(&mut &long[..]).await.is_err());
    let line = vec![b'2'; 1_000_000];
    assert!(Reply::read(&mut &line[..]).await.is_err());
}

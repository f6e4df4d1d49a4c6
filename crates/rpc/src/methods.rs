//! The methods, one file each (or one for a few that differ in a word), and the tables of them.

mod addconnection;
mod addnode;
mod addpeeraddress;
mod clearbanned;
mod decoderawtransaction;
mod decodescript;
mod disconnectnode;
mod echo;
mod estimaterawfee;
mod estimatesmartfee;
mod generate;
mod generateblock;
mod generatetoaddress;
mod generatetodescriptor;
mod getaddednodeinfo;
mod getbestblockhash;
mod getblock;
mod getblockchaininfo;
mod getblockcount;
mod getblockfilter;
mod getblockhash;
mod getblockheader;
mod getblocktemplate;
mod getchaintips;
mod getconnectioncount;
mod getdifficulty;
mod getindexinfo;
mod getmemoryinfo;
mod getmempoolentry;
mod getmempoolinfo;
mod getmempoolrelatives;
mod getmininginfo;
mod getnettotals;
mod getnetworkhashps;
mod getnetworkinfo;
mod getnodeaddresses;
mod getpeerinfo;
mod getrawmempool;
mod getrawtransaction;
mod getrpcinfo;
mod gettxout;
mod gettxoutsetinfo;
mod getzmqnotifications;
mod help;
mod invalidateblock;
mod listbanned;
mod logging;
mod lookup;
mod ping;
mod preciousblock;
mod prioritisetransaction;
mod reconsiderblock;
mod savemempool;
mod sendrawtransaction;
mod setban;
mod setmocktime;
mod setnetworkactive;
mod stop;
mod submitblock;
mod submitheader;
mod syncwithvalidationinterfacequeue;
mod testmempoolaccept;
mod txoutproof;
mod uptime;
mod validateaddress;
mod verifychain;
mod waitforblock;

use crate::method::Method;

/// Those that need nothing but the server, the log and the clock.
pub static METHODS: &[Method] = &[
    echo::ECHO,
    echo::ECHOJSON,
    getmemoryinfo::METHOD,
    getrpcinfo::METHOD,
    help::METHOD,
    logging::METHOD,
    stop::METHOD,
    uptime::METHOD,
];

/// Those that ask the node: about the chain, the network, or what it publishes.
pub static NODE_METHODS: &[Method] = &[
    addconnection::METHOD,
    addnode::METHOD,
    addpeeraddress::METHOD,
    clearbanned::METHOD,
    decoderawtransaction::METHOD,
    decodescript::METHOD,
    disconnectnode::METHOD,
    estimaterawfee::METHOD,
    estimatesmartfee::METHOD,
    generateblock::METHOD,
    generatetoaddress::METHOD,
    generatetodescriptor::METHOD,
    getaddednodeinfo::METHOD,
    getbestblockhash::METHOD,
    getblock::METHOD,
    getblockchaininfo::METHOD,
    getblockcount::METHOD,
    getblockfilter::METHOD,
    getblockhash::METHOD,
    getblockheader::METHOD,
    getblocktemplate::METHOD,
    getchaintips::METHOD,
    getconnectioncount::METHOD,
    getdifficulty::METHOD,
    getindexinfo::METHOD,
    getmempoolentry::METHOD,
    getmempoolinfo::METHOD,
    getmempoolrelatives::ANCESTORS,
    getmempoolrelatives::DESCENDANTS,
    getmininginfo::METHOD,
    getnettotals::METHOD,
    getnetworkhashps::METHOD,
    getnetworkinfo::METHOD,
    getnodeaddresses::METHOD,
    getpeerinfo::METHOD,
    getrawmempool::METHOD,
    getrawtransaction::METHOD,
    gettxout::METHOD,
    gettxoutsetinfo::METHOD,
    getzmqnotifications::METHOD,
    invalidateblock::METHOD,
    listbanned::METHOD,
    ping::METHOD,
    preciousblock::METHOD,
    prioritisetransaction::METHOD,
    reconsiderblock::METHOD,
    savemempool::METHOD,
    sendrawtransaction::METHOD,
    setban::METHOD,
    setmocktime::METHOD,
    setnetworkactive::METHOD,
    submitblock::METHOD,
    submitheader::METHOD,
    syncwithvalidationinterfacequeue::METHOD,
    testmempoolaccept::METHOD,
    txoutproof::GET,
    txoutproof::VERIFY,
    validateaddress::METHOD,
    verifychain::METHOD,
    waitforblock::BLOCK,
    waitforblock::HEIGHT,
    waitforblock::NEW_BLOCK,
];

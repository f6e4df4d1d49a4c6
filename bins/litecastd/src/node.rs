//! The node's life: what is started in which order, and stopped in the opposite one.
//!
//! Start: log, RPC (answering "loading"), publisher, engine, peers, RPC (answering). Stop: RPC, peers, engine (flushes
//! and ends the feed), publisher (sends what is queued).

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use litecast_engine::{Clock, Engine, Handle, Options, Reader};
use litecast_p2p::{Config as MachineConfig, ServiceFlags};
use litecast_primitives::{
    BlockHash, U256,
    params::{ActivationOverrides, Network, Params},
};
use litecast_rpc::{Registry, Rpc, Server, ServerConfig, auth::AuthConfig};
use litecast_store::Wipe;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::{
    commands::Notifier,
    config::{Config, RpcSettings, Settings},
    context::{self, Context},
    demo,
    fanout::Fanout,
    logging::{self, Logger},
    net::{self, Net, NetControl, NetOptions, Proxies, Whitelist},
    publish::Publish,
    shutdown::{Reason, Shutdown},
};

/// Called once the node answers.
pub(crate) type Ready = Box<dyn FnOnce() + Send>;

/// Runs until asked to stop or until the machine fails.
pub(crate) async fn run(config: Config, logger: Arc<Logger>, ready: Ready) -> Result<()> {
    let settings = &config.settings;
    let params = Arc::new(network_params(settings)?);
    let shutdown = Shutdown::new();
    shutdown.on_signals().context("cannot listen for signals")?;
    tokio::spawn({
        let logger = Arc::clone(&logger);
        async move {
            if let Err(error) = logging::reopen_on_hangup(logger).await {
                tracing::warn!("SIGHUP will not reopen the log: {error}");
            }
        }
    });
    let clock = Arc::new(Clock::default());
    clock.set_mock(settings.test.mock_time);
    logger.set_mock_time(settings.test.mock_time);

    let started = Publish::start(&settings.zmq, context::serialization(settings));
    for problem in &started.problems {
        tracing::error!("{problem}");
        eprintln!("Warning: {problem}");
    }
    let node = Arc::new(Context::new(settings, &started, Arc::clone(&clock), Arc::clone(&logger), shutdown.clone()));
    let mut registry = Registry::new();
    registry.extend(litecast_rpc::methods::METHODS);
    registry.extend(litecast_rpc::methods::NODE_METHODS);
    let rpc = Rpc::new(registry, Arc::clone(&node) as _);
    let server = match &settings.rpc {
        Some(rpc_settings) => Some(start_rpc(rpc_settings, Arc::clone(&rpc)).await?),
        None => None,
    };

    rpc.set_warmup_status("Loading block index...");
    let options = engine_options(settings, Arc::clone(&params), clock)?;
    let (engine, feed) = tokio::task::spawn_blocking(move || Engine::start(options))
        .await
        .context("the start of the engine panicked")?
        .map_err(|error| anyhow!("{error}"))?;
    let peers: Arc<Mutex<Option<Net>>> = Arc::default();
    let fanout = Fanout {
        publish: started.publish,
        net: Arc::clone(&peers),
        block_notify: settings.block_notify.clone().map(Notifier),
        alert_notify: settings.alert_notify.clone().map(Notifier),
        stop_at_height: engine_stop_height(settings),
        shutdown: shutdown.clone(),
    };
    let events = fanout
        .start(feed, on_feed_end(engine.handle().reader().clone(), shutdown.clone()))
        .context("no thread for events")?;
    node.set_engine(engine.handle().clone());

    rpc.set_warmup_status("Importing blocks...");
    import_blocks(settings, &engine, &shutdown).await?;

    rpc.set_warmup_status("Starting network threads...");
    let listeners = net::bind(&settings.net).await.map_err(|error| anyhow!(error))?;
    let machine = machine_config(settings, Arc::clone(&params))?;
    let config = machine.clone();
    let proxies = Arc::new(Proxies::new(&settings.net.proxy));
    let net_options = NetOptions {
        machine,
        data_dir: settings.data_dir.clone(),
        local: net::local_addresses(&settings.net, &listeners).await.map_err(|error| anyhow!(error))?,
        listeners,
        dns: settings.net.dns,
        encrypt: settings.net.v2_transport,
        proxies: Arc::clone(&proxies),
        onion_binds: settings.net.proxy.onion_binds.clone(),
        tor: settings.net.proxy.control.clone().map(|control| (control, settings.data_dir.clone())),
        connect_timeout: Duration::from_millis(settings.net.connect_timeout_ms.max(1)),
        whitelist: Whitelist::new(&settings.net).map_err(|error| anyhow!(error))?,
        active: settings.net.active,
    };
    let net = Net::start(net_options, engine.handle()).context("cannot start the network's threads")?;
    if settings.net.active {
        tracing::info!("SetNetworkActive: true");
    }
    *peers.lock() = Some(net.clone());
    node.set_network(NetControl::new(net.clone(), &config, proxies));

    let mempool = load_mempool(settings, engine.handle(), &shutdown);

    rpc.set_warmup_finished();
    tracing::info!("Done loading");
    ready();
    if let Some(command) = settings.startup_notify.clone() {
        Notifier(command).run("");
    }
    if settings.demo {
        demo::start(engine.handle(), &shutdown)?;
    }

    let reason = shutdown.wait().await;
    tracing::info!("Shutdown: In progress...");
    if let Some(server) = server {
        server.stop().await;
    }
    net.stop().await;
    let _ = mempool.await;
    let mempool_file = settings.policy.persist_mempool.then(|| context::mempool_file(settings));
    let stopped = tokio::task::spawn_blocking(move || {
        save_mempool(mempool_file.as_deref(), engine.handle().reader());
        let result = engine.stop();
        // The feed ends with the engine.
        let _ = events.join();
        result
    })
    .await
    .context("stopping the engine panicked")?;
    tracing::info!("Shutdown: done");
    match reason {
        Reason::Asked => stopped.map_err(|error| anyhow!("{error}")),
        Reason::Failed(what) => Err(anyhow!(what)),
    }
}

/// Takes what the mempool held before the restart, while the node answers already.
fn load_mempool(settings: &Settings, engine: &Handle, shutdown: &Shutdown) -> JoinHandle<()> {
    let file = settings.policy.persist_mempool.then(|| context::mempool_file(settings));
    let (engine, shutdown) = (engine.clone(), shutdown.clone());
    tokio::task::spawn_blocking(move || {
        let Some(file) = file else { return engine.set_mempool_loaded() };
        if let Err(error) = engine.load_mempool(&file, || !shutdown.is_requested()) {
            tracing::error!("loading the mempool: {error}");
        }
    })
}

/// Keeps the mempool for the next start, unless it was not even loaded.
fn save_mempool(file: Option<&Path>, engine: &Reader) {
    let Some(file) = file.filter(|_| engine.is_mempool_loaded()) else { return };
    if let Err(error) = engine.save_mempool(file) {
        tracing::error!("Failed to dump mempool: {error}. Continuing anyway.");
    }
}

/// The feed ends with the engine. When nobody asked for that before, the machine has failed: the first reason counts.
fn on_feed_end(reader: Reader, shutdown: Shutdown) -> impl FnOnce() + Send {
    move || {
        let why = reader.failure().map_or_else(|| "see debug.log for details".into(), |error| error.to_string());
        shutdown.request(Reason::Failed(format!("A fatal internal error occurred: {why}")));
    }
}

fn network_params(settings: &Settings) -> Result<Params> {
    let network: Network = settings.chain.name().parse().map_err(|error: String| anyhow!(error))?;
    let mut params = Params::new(network);
    let overrides =
        ActivationOverrides { segwit_height: settings.test.segwit_height, vbparams: settings.test.vbparams.clone() };
    params.apply(&overrides).map_err(|error| anyhow!("{error}"))?;
    if let Some(work) = &settings.minimum_chain_work {
        params.minimum_chain_work = U256::from_str_radix(work, 16)
            .map_err(|_| anyhow!("Invalid non-hex ({work}) minimum chain work value specified"))?;
    }
    if let Some(hash) = &settings.assume_valid {
        params.assume_valid = format!("{hash:0>64}").parse::<BlockHash>().ok().filter(|hash| !hash.is_zero());
    }
    Ok(params)
}

fn engine_stop_height(settings: &Settings) -> Option<u32> {
    u32::try_from(settings.test.stop_at_height).ok().filter(|height| *height > 0)
}

fn engine_options(settings: &Settings, params: Arc<Params>, clock: Arc<Clock>) -> Result<Options> {
    let wipe = match (settings.reindex, settings.reindex_chainstate) {
        (true, _) => Wipe::Everything,
        (false, true) => Wipe::Chainstate,
        (false, false) => Wipe::Nothing,
    };
    Ok(Options {
        dir: settings.data_dir.clone(),
        fee_estimates: settings.data_dir.join("fee_estimates.dat"),
        blocks_dir: settings.blocks_dir.clone(),
        minimum_chain_work: params.minimum_chain_work,
        params,
        clock,
        cache_bytes: usize::try_from(settings.dbcache_mib.clamp(4, 16 * 1024)).context("-dbcache")? << 20,
        max_tip_age: settings.test.max_tip_age_s,
        stop_at_height: engine_stop_height(settings),
        block_version: settings.test.block_version,
        checkpoints: settings.checkpoints,
        check_blocks: u32::try_from(settings.check_blocks.max(0)).unwrap_or(0),
        mempool: settings.policy.mempool.clone(),
        mining: settings.policy.mining,
        check_level: u8::try_from(settings.check_level.clamp(0, 4)).unwrap_or(0),
        script_threads: script_threads(settings.par),
        script_cache_bytes: usize::try_from(settings.max_sig_cache_mib.clamp(0, 32 * 1024))
            .context("-maxsigcachesize")?
            << 20,
        block_filters: settings.block_filters,
        wipe,
    })
}

/// Threads beside the engine's own that `-par` asks for (v0.21.5.5 src/init.cpp, AppInitMain).
fn script_threads(par: i64) -> usize {
    /// v0.21.5.5 src/validation.h, MAX_SCRIPTCHECK_THREADS.
    const MAX: i64 = 15;
    let cores = std::thread::available_parallelism().map_or(1, |cores| i64::try_from(cores.get()).unwrap_or(MAX));
    let all = if par <= 0 { par.saturating_add(cores) } else { par };
    usize::try_from((all - 1).clamp(0, MAX)).unwrap_or(0)
}

fn machine_config(settings: &Settings, params: Arc<Params>) -> Result<MachineConfig> {
    let net = &settings.net;
    let mut services = ServiceFlags::OURS;
    if net.v2_transport {
        services = services | ServiceFlags::P2P_V2;
    }
    if net.bloom_filters {
        services = services | ServiceFlags::BLOOM;
    }
    if net.serve_block_filters {
        services = services | ServiceFlags::COMPACT_FILTERS;
    }
    Ok(MachineConfig {
        services,
        user_agent: net.user_agent.clone(),
        relay_transactions: !net.blocks_only,
        fee_filter: net.fee_filter,
        min_relay_fee: settings.policy.mempool.min_relay_fee.per_k(),
        max_orphans: net.max_orphans,
        extra_transactions: net.extra_transactions,
        max_connections: net::fit_connections(net.max_connections),
        connect: net.connect.clone(),
        add_nodes: net.add_node.clone(),
        unreachable: net.proxy.unreachable.clone(),
        listen: net.listen,
        listen_port: net.port,
        discover: net.discover,
        ban_time: net.ban_time_s,
        seed_nodes: net.seed_node.clone(),
        dns_seed: net.dns_seed,
        force_dns_seed: net.force_dns_seed,
        max_upload_target: net.max_upload_target,
        max_time_adjustment: net.max_time_adjustment_s,
        name_proxy: net.proxy.all.is_some(),
        peer_timeout: Duration::from_secs(net.peer_timeout_s),
        max_receive_buffer: usize::try_from(net.max_receive_buffer).context("-maxreceivebuffer")?,
        max_send_buffer: usize::try_from(net.max_send_buffer).context("-maxsendbuffer")?,
        ..MachineConfig::new(params)
    })
}

async fn start_rpc(settings: &RpcSettings, rpc: Arc<Rpc>) -> Result<Server> {
    let config = ServerConfig {
        bind: settings.bind.clone(),
        port: settings.port,
        allow_ip: settings.allow_ip.clone(),
        auth: AuthConfig {
            user_password: settings.user_password.clone(),
            users: settings.auth.clone(),
            cookie_file: settings.cookie_file.clone(),
            whitelist: settings.whitelist.clone(),
            whitelist_default: settings.whitelist_default,
        },
        threads: settings.threads,
        work_queue: settings.work_queue,
        timeout: Duration::from_secs(settings.server_timeout_s),
    };
    Server::start(&config, rpc, Vec::new()).await.map_err(|error| {
        tracing::error!("{error}");
        anyhow!("Unable to start HTTP server. See debug log for details.")
    })
}

async fn import_blocks(settings: &Settings, engine: &Engine, shutdown: &Shutdown) -> Result<()> {
    for path in &settings.load_block {
        if shutdown.is_requested() {
            break;
        }
        if !path.is_file() {
            tracing::warn!("Warning: Could not open blocks file {}", path.display());
            continue;
        }
        tracing::info!("Importing blocks file {}...", path.display());
        let (handle, path) = (engine.handle().clone(), path.clone());
        let imported = tokio::task::spawn_blocking(move || handle.import(path)).await.context("an import panicked")?;
        tracing::info!("Loaded {} blocks from external file", imported.map_err(|error| anyhow!("{error}"))?);
    }
    if settings.test.stop_after_block_import {
        tracing::info!("Stopping after block import");
        shutdown.request(Reason::Asked);
    }
    Ok(())
}

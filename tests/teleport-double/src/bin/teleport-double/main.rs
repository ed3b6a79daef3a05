//! `teleport-double`: a cluster to play with on this machine.

mod joins;
mod locks;
mod services;
mod weather;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use teleport_double::{Double, DoubleError, Fault, Point, Role, Times};

/// How often files that are followed are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// A double of a Teleport cluster on loopback, for tests and demonstrations.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Name of the cluster.
    #[arg(long, default_value = "example.test")]
    cluster: String,
    /// Directory for everything the double writes.
    #[arg(long, default_value = "teleport-double.d")]
    dir: PathBuf,
    /// A bot and the roles it may take: NAME=ROLE[,ROLE...].
    #[arg(long = "bot", value_name = "NAME=ROLES", default_value = "api=api-workers")]
    bots: Vec<String>,
    /// An SSH node: NAME=HOST:PORT of a real SSH server.
    #[arg(long = "node", value_name = "NAME=ADDR")]
    nodes: Vec<String>,
    /// A node's SSH host key to be certified: NAME=FILE.pub; the certificate is written to FILE-cert.pub.
    #[arg(long = "host-key", value_name = "NAME=FILE")]
    host_keys: Vec<String>,
    /// A Kubernetes cluster.
    #[arg(long = "kube", value_name = "NAME")]
    kubes: Vec<String>,
    /// A login that every role allows.
    #[arg(long = "login", value_name = "LOGIN", default_value = "jenkins")]
    logins: Vec<String>,
    /// Port of the proxy; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of the auth server; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    auth_port: u16,
    /// Host part of the proxy's public address.
    #[arg(long, default_value = "localhost")]
    public_host: String,
    /// Version the cluster says it has.
    #[arg(long, default_value = "15.0.0-dev")]
    server_version: String,
    /// How far the cluster's clock is off, in seconds.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    clock_offset: i64,
    /// Cut the connection instead of answering the first renewal.
    #[arg(long)]
    drop_first_renewal: bool,
    #[command(flatten)]
    joins: joins::Joins,
    #[command(flatten)]
    services: services::Services,
    /// Answer this many joins with 429 first.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    busy_joins: u32,
    /// Users of bots that are locked (`bot-NAME`), one a line; looked at again and again.
    #[arg(long, value_name = "FILE")]
    locks: Option<PathBuf>,
    /// What goes wrong while it stands there, one a line; looked at again and again. `away`: the ports are closed, and all
    /// connections cut. `renewals-limited`: each renewal of a bot is refused, because of too many. `renewals-lost`: each is done, and
    /// its answer is lost.
    #[arg(long, value_name = "FILE")]
    weather: Option<PathBuf>,
    /// Written once the double serves: proxy address, auth address, pin, token of the first bot, web CA, `token.NAME`
    /// of each further bot, one `name=value` a line.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| DoubleError::Listen { address: "a runtime".to_owned(), source })
        .and_then(|runtime| runtime.block_on(run(Arguments::parse())));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teleport-double: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pairs(texts: &[String], kind: &'static str) -> Result<Vec<(String, String)>, DoubleError> {
    texts
        .iter()
        .map(|text| {
            let (name, value) =
                text.split_once('=').ok_or_else(|| DoubleError::Unknown { kind, name: text.clone() })?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

async fn run(arguments: Arguments) -> Result<(), DoubleError> {
    let mut builder = Double::builder()
        .cluster(&arguments.cluster)
        .directory(&arguments.dir)
        .public_host(&arguments.public_host)
        .proxy_port(arguments.port)
        .auth_port(arguments.auth_port)
        .version(&arguments.server_version)
        .clock_offset(arguments.clock_offset);
    let logins: Vec<&str> = arguments.logins.iter().map(String::as_str).collect();
    let bots = pairs(&arguments.bots, "bot in the form NAME=ROLES")?;
    for (name, roles) in &bots {
        let roles: Vec<&str> = roles.split(',').filter(|role| !role.is_empty()).collect();
        for role in &roles {
            builder = builder.role(Role::new(role).logins(&logins));
        }
        builder = builder.bot(name, &roles);
    }
    for (name, address) in pairs(&arguments.nodes, "node in the form NAME=ADDR")? {
        builder = builder.node(&name, &address);
    }
    for name in &arguments.kubes {
        builder = builder.kube(name);
    }
    let double = arguments.joins.set(builder).start().await?;
    arguments.joins.add_tokens(&double)?;
    arguments.services.add(&double)?;
    if arguments.drop_first_renewal {
        double.faults().inject(Point::Renew, Fault::DropReply, Times::Once);
    }
    if arguments.busy_joins > 0 {
        let busy = Fault::Http { status: 429, retry_after: Some(1) };
        double.faults().inject(Point::Join, busy, Times::Count(arguments.busy_joins));
    }
    for (name, file) in pairs(&arguments.host_keys, "host key in the form NAME=FILE.pub")? {
        certify(&double, &name, std::path::Path::new(&file))?;
    }
    let bot = bots.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    let token = double.new_token(bot);
    let guide = guide(&double, &arguments, &token)?;
    println!("{guide}");
    if let Some(path) = &arguments.ready_file {
        let mut text = format!(
            "proxy={}\nauth={}\npin={}\ntoken={token}\nweb_ca={}\n",
            double.proxy_address(),
            double.auth_address(),
            double.ca_pin(),
            double.web_ca_pem().display()
        );
        for (name, _) in bots.iter().skip(1) {
            text.push_str(&format!("token.{name}={}\n", double.new_token(name)));
        }
        replace(path, &text)?;
    }
    tokio::select! {
        () = interrupted() => {}
        () = followed(&double, arguments.locks.as_deref(), locks::follow) => {}
        () = followed(&double, arguments.weather.as_deref(), weather::follow) => {}
    }
    double.stop();
    Ok(())
}

/// Writes the certificate for a node's host key beside it, where sshd looks for it.
fn certify(double: &Double, name: &str, file: &std::path::Path) -> Result<(), DoubleError> {
    let key = std::fs::read_to_string(file)
        .map_err(|source| DoubleError::Write { path: file.display().to_string(), source })?;
    let full = format!("{name}.{}", double.cluster());
    let certificate = double.sign_host_certificate(&key, &[name, &full, "localhost"])?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    replace(&file.with_file_name(format!("{stem}-cert.pub")), &certificate)
}

/// Has the lines of a file followed for ever, from each change on. A file that can't be read is an empty one.
async fn followed(double: &Double, file: Option<&std::path::Path>, follow: impl Fn(&Double, &[&str])) {
    let Some(file) = file else { return std::future::pending().await };
    let mut before = String::new();
    loop {
        let now = std::fs::read_to_string(file).unwrap_or_default();
        if now != before {
            let lines: Vec<&str> = now.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            follow(double, &lines);
            before = now;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Writes the files a reader needs next to the web CA, and says what to type.
fn guide(double: &Double, arguments: &Arguments, token: &str) -> Result<String, DoubleError> {
    let directory = std::path::absolute(&arguments.dir).unwrap_or_else(|_| arguments.dir.clone());
    let (proxy, pin) = (double.proxy_address(), double.ca_pin());
    let mut outputs = format!(
        "- type: identity\n  destination: {{type: directory, path: {}}}\n",
        directory.join("machine-id").display()
    );
    let kube_directory = directory.join("kube");
    if !arguments.kubes.is_empty() {
        let selectors: String = arguments.kubes.iter().map(|kube| format!("  - name: {kube}\n")).collect();
        outputs.push_str(&format!(
            "- type: kubernetes/v2\n  selectors:\n{selectors}  destination: {{type: directory, path: {}}}\n",
            kube_directory.display()
        ));
    }
    let yaml = format!(
        "version: v2\nproxy_server: {proxy}\nonboarding: {{join_method: token, token: {token}}}\n\
         storage: {{type: directory, path: {}}}\noutputs:\n{outputs}",
        directory.join("bot").display()
    );
    let config = directory.join("tbot.yaml");
    replace(&config, &yaml)?;
    replace(&directory.join("user-ca.pub"), &double.user_ca_ssh_line())?;
    replace(&directory.join("host-ca.pem"), &double.host_ca_pem())?;
    // Beside this program, where one build puts both.
    let program =
        std::env::current_exe().map_or_else(|_| PathBuf::from("machine-id"), |own| own.with_file_name("machine-id"));
    let program = program.display();
    let node = arguments.nodes.first().and_then(|node| node.split_once('=')).map(|(name, _)| name);
    let login = arguments.logins.first().map_or("jenkins", String::as_str);
    let web_ca = directory.join("web-ca.pem");
    let (web_ca, config, directory) = (web_ca.display(), config.display(), directory.display());
    let mut next = format!("  {program} status -c {config}\n");
    if let Some(node) = node {
        next.push_str(&format!(
            "  ssh -F {directory}/machine-id/ssh_config {login}@{node}.{} hostname\n",
            double.cluster()
        ));
    }
    for kube in &arguments.kubes {
        let (file, context) = (format!("{directory}/kube/kubeconfig.yaml"), format!("{}-{kube}", double.cluster()));
        next.push_str(&format!("  kubectl --kubeconfig {file} --context {context} get pods\n"));
    }
    Ok(format!(
        "A double of a Teleport {version} cluster serves on loopback until Ctrl-C.\n\n\
         cluster      {cluster}\nproxy        {proxy}\nauth server  {auth}\nCA pin       {pin}\n\
         join token   {token} (one join)\nweb CA       {web_ca}\nuser CA      {directory}/user-ca.pub (sshd TrustedUserCAKeys)\n\n\
         {config}:\n\n{yaml}\nNext:\n\n  export SSL_CERT_FILE={web_ca}\n  {program} start --oneshot -c {config}\n{next}",
        version = arguments.server_version,
        cluster = double.cluster(),
        auth = double.auth_address(),
    ))
}

/// Readers never see half a file.
#[expect(clippy::disallowed_methods, reason = "a test double's own directory, not a destination")]
fn replace(path: &std::path::Path, text: &str) -> Result<(), DoubleError> {
    let part = path.with_extension("part");
    std::fs::write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|source| DoubleError::Write { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[tokio::test]
    async fn tokens_are_made_of_any_method_and_nonsense_is_named() {
        let tokens = ["a=api,gitlab,ey.x", "b=api,iam,KEY:SECRET", "c=api,azure,ey.y", "d=api,bound_keypair,secret"];
        let line = tokens.iter().flat_map(|token| ["--token", token]);
        let directory = tempfile::tempdir().unwrap();
        for (more, made) in [(None, true), (Some("e=api,iam,KEY"), false), (Some("e=api"), false)] {
            let more = more.into_iter().flat_map(|token| ["--token", token]);
            let line = ["teleport-double"].into_iter().chain(line.clone()).chain(more);
            let joins = Arguments::try_parse_from(line).unwrap().joins;
            let builder = joins.set(Double::builder().directory(directory.path()).bot("api", &[]));
            let double = builder.start().await.unwrap();
            assert_eq!(joins.add_tokens(&double).is_ok(), made);
            assert!(["a", "b", "c", "d"].iter().all(|name| double.token_exists(name)));
            assert_eq!(double.bound_keypair("d").unwrap().registration_secret, "secret");
        }
    }
}

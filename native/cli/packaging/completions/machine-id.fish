# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_machine_id_global_optspecs
    string join \n c/config= d/debug log-format= log-json h/help V/version
end

function __fish_machine_id_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_machine_id_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_machine_id_using_subcommand
    set -l cmd (__fish_machine_id_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c machine-id -n "__fish_machine_id_needs_command" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_needs_command" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_needs_command" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_needs_command" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c machine-id -n "__fish_machine_id_needs_command" -s V -l version -d 'Print version'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "start" -d 'Join, write the outputs of the configuration and keep them fresh'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "run" -d 'Run a command with its own certificates, which are removed when it ends'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "init" -d 'Prepare a directory: create it, set its owner, and give readers access by POSIX ACL'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "status" -d 'Show the identity, its expiry and generation, and the state of each destination'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "proxy-ssh" -d 'Carry one SSH connection through the proxy: the ProxyCommand of the generated ssh_config'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "hosts" -d 'List the SSH hosts that a destination\'s roles can see; with labels, only the hosts that have them'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "kube-credentials" -d 'Print an ExecCredential: the exec plugin of the generated kubeconfig'
complete -c machine-id -n "__fish_machine_id_needs_command" -f -a "version" -d 'Print the version'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "legacy" -d 'The outputs of the file, or --destination-dir'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "identity" -d 'An identity for SSH and for Teleport\'s API'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "ssh" -d 'An identity for SSH and for Teleport\'s API'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "id" -d 'An identity for SSH and for Teleport\'s API'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "database" -d 'A database'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "db" -d 'A database'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "kubernetes" -d 'A Kubernetes cluster'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "k8s" -d 'A Kubernetes cluster'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "kubernetes/v2" -d 'Several Kubernetes clusters, by name or labels'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "k8s/v2" -d 'Several Kubernetes clusters, by name or labels'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "application" -d 'An application'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and not __fish_seen_subcommand_from legacy identity ssh id database db kubernetes k8s kubernetes/v2 k8s/v2 application app" -f -a "app" -d 'An application'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from legacy" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l cluster -d 'The leaf cluster to use it for' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l allow-reissue -d 'Allow it to be used to issue further certificates'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from identity" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l cluster -d 'The leaf cluster to use it for' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l allow-reissue -d 'Allow it to be used to issue further certificates'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from ssh" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l cluster -d 'The leaf cluster to use it for' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l allow-reissue -d 'Allow it to be used to issue further certificates'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from id" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l format -d 'The same as format of a database output in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l service -d 'The database service in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l username -d 'The user in the database' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l database -d 'The database in the service' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from database" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l format -d 'The same as format of a database output in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l service -d 'The database service in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l username -d 'The user in the database' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l database -d 'The database in the service' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from db" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l kubernetes-cluster -d 'The cluster\'s name in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l disable-exec-plugin -d 'Write the certificate into the kubeconfig, so that it works without this program'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l kubernetes-cluster -d 'The cluster\'s name in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l disable-exec-plugin -d 'Write the certificate into the kubeconfig, so that it works without this program'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l name-selector -d 'A cluster by its name in Teleport; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l label-selector -d 'Every cluster with these labels, LABEL=VALUE,LABEL=VALUE; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l disable-exec-plugin -d 'Write the certificate into the kubeconfig, so that it works without this program'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from kubernetes/v2" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l name-selector -d 'A cluster by its name in Teleport; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l label-selector -d 'Every cluster with these labels, LABEL=VALUE,LABEL=VALUE; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l disable-exec-plugin -d 'Write the certificate into the kubeconfig, so that it works without this program'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from k8s/v2" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l app -d 'The application\'s name in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l specific-tls-extensions -d 'Also write tls.crt, tls.key and tls.cas'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from application" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l destination -d 'The directory, or file:///DIR' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l reader-user -d 'A user who may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l reader-group -d 'A group that may read it; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l app -d 'The application\'s name in Teleport' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l proxy-server -d 'The proxy, HOST:PORT; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -s a -l auth-server -d 'The auth server, HOST:PORT; $TELEPORT_AUTH_SERVER if not given. Prefer --proxy-server' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l token -d 'The join token, or the absolute path of a file that contains it; $TELEPORT_BOT_TOKEN if not given. Other users of the machine may see the command line, so prefer a file or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l join-method -d 'How to join, as join_method in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l ca-pin -d 'Pin of the cluster\'s CA; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l join-uri -d 'The joining URI that `tctl bots add` prints from Teleport 19 on, in place of address, join method and token; $MACHINE_ID_JOIN_URI if not given. Other users of the machine may see the command line, so prefer join_uri in the configuration or the variable' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l certificate-ttl -d 'Lifetime of the certificates, for example 1h' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l renewal-interval -d 'How often they are renewed, for example 20m' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l storage -d 'Where the bot\'s identity is stored: a directory, file:///DIR, or memory://' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l data-dir -d 'The same as --storage' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l diag-addr -d 'The same as diag_addr in the configuration' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l pid-file -d 'Write the process id into this file, and remove the file at the end' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l destination-dir -d 'Write an identity into this directory, instead of the outputs of the file' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l specific-tls-extensions -d 'Also write tls.crt, tls.key and tls.cas'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l oneshot -d 'Write everything once, then end'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand start; and __fish_seen_subcommand_from app" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -l key-algorithm -d 'Algorithm of all new keys: ecdsa-p256, ed25519, rsa-2048 or rsa-4096; ecdsa-p256 if not given, and rsa-2048 for databases. With ed25519, TLS clients don\'t read the file `key` of an identity output' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -l output -d 'The output to use: its name, the last part of its directory, or its type; the first one if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand run" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l destination-dir -d 'The directory to prepare; if not given, the destinations in the configuration that -c names' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l bot-user -d 'The user that machine-id runs as, which can write' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l reader-user -d 'A user who may read; can be repeated' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l owner -d 'The owner of the directory, as user or user:group; the bot user if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l dry-run -d 'Only print what would be done, as shell commands'
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand init" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -l json -d 'Print one JSON object'
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand status" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l destination-dir -d 'The directory with the certificates' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l proxy -d 'The proxy, host:port' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l cluster -d 'The Teleport cluster of the host' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l ssh-proxy -d 'The proxy\'s SSH port, host:port, where the cluster\'s protocols don\'t share one port' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l server-version -d 'Major version of the proxy, where it is older than 13' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l connection-upgrade -d 'A load balancer ends TLS in front of the proxy'
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l fdpass -d 'Pass a connected descriptor to ssh and exit, as `ProxyUseFdpass yes` requires'
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand proxy-ssh" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l destination-dir -d 'The directory with the certificates; $MACHINE_ID_DIR if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l proxy -d 'The proxy, host:port; $TELEPORT_PROXY if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l cluster -d 'The Teleport cluster; the certificate\'s own if not given' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l json -d 'Print JSON, with the name, UUID and labels of each host'
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand hosts" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -l destination-dir -d 'The directory with the certificates' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -l cluster -d 'The Kubernetes cluster, if the directory has certificates for several' -r
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand kube-credentials" -s h -l help -d 'Print help'
complete -c machine-id -n "__fish_machine_id_using_subcommand version" -s c -l config -d 'The configuration file, in tbot\'s format; /etc/tbot.yaml if not given' -r -F
complete -c machine-id -n "__fish_machine_id_using_subcommand version" -l log-format -d 'Log format: text, or JSON with one object per line' -r -f -a "text\t''
json\t''"
complete -c machine-id -n "__fish_machine_id_using_subcommand version" -s d -l debug -d 'Log more: MACHINE_ID_LOG=debug'
complete -c machine-id -n "__fish_machine_id_using_subcommand version" -l log-json -d 'The same as --log-format json'
complete -c machine-id -n "__fish_machine_id_using_subcommand version" -s h -l help -d 'Print help'

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .actors),
    (name = "disk", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const actors :Workerd.Worker = (
  modules = [(name = "actors.js", esModule = embed "actors.js")],
  compatibilityDate = "2026-02-24",
  durableObjectNamespaces = [(className = "Actor", uniqueKey = "actor", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ACTORS", durableObjectNamespace = "Actor")],
);

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
  compatibilityDate = "2026-01-01",
  durableObjectNamespaces = [
    (className = "OnTimers", uniqueKey = "timers", enableSql = true),
    (className = "AsTheSdk", uniqueKey = "sdk", enableSql = true),
    (className = "AsTheDocs", uniqueKey = "docs", enableSql = true),
    (className = "AcrossAnAwait", uniqueKey = "await", enableSql = true),
    (className = "Probe", uniqueKey = "probe", enableSql = true),
    (className = "Room", uniqueKey = "room", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "timers", durableObjectNamespace = "OnTimers"),
    (name = "sdk", durableObjectNamespace = "AsTheSdk"),
    (name = "docs", durableObjectNamespace = "AsTheDocs"),
    (name = "await", durableObjectNamespace = "AcrossAnAwait"),
    (name = "probe", durableObjectNamespace = "Probe"),
    (name = "room", durableObjectNamespace = "Room"),
  ],
);

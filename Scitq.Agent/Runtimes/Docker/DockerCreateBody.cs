using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The engine's create request for one attempt.</summary>
internal static class DockerCreateBody
{
    public const string LeaseLabel = "scitq.lease";
    public const string WorkerLabel = "scitq.worker";

    // MAX_ARG_STRLEN of the kernel: one word, its closing zero included.
    private const int LargestWord = 131072;

    /// <summary>Why the kernel could not start the command, though the engine would say it has; null when it can.</summary>
    public static string? WordProblem(TaskSpec spec, DockerRunOptions options)
    {
        foreach (var word in spec.Argv)
        {
            if (Encoding.UTF8.GetByteCount(word) >= LargestWord)
                return $"a word of the command has {Encoding.UTF8.GetByteCount(word)} bytes; Linux takes {LargestWord - 1} at most: put it in a file and give that as an input.";
        }

        foreach (var (name, value) in spec.Env.Concat(options.Env))
        {
            if (Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) + 1 >= LargestWord)
                return $"environment variable {name} is longer than the {LargestWord - 1} bytes Linux takes: put it in a file and give that as an input.";
        }

        return null;
    }

    /// <param name="imageUser">The user the image names, for a group id without a user id.</param>
    public static JsonObject Build(RunRequest request, DockerRunOptions options, string? imageUser, bool init)
    {
        var spec = request.Spec;
        var body = new JsonObject
        {
            ["Image"] = spec.Image,
            ["Env"] = Environment(request, options),
            ["Labels"] = Labels(request, options),
            ["AttachStdout"] = true,
            ["AttachStderr"] = true,
            ["HostConfig"] = HostConfig(request, options, init),
        };
        if (spec.Argv.Count > 0) body["Cmd"] = Strings(spec.Argv);
        if (options.Entrypoint is { } entrypoint) body["Entrypoint"] = new JsonArray(entrypoint);
        if ((options.User ?? User(spec, imageUser)) is { } user) body["User"] = user;
        if (options.WorkingDirectory is { } directory) body["WorkingDir"] = directory;
        if (options.Hostname is { } hostname) body["Hostname"] = hostname;
        if (options.Domainname is { } domainname) body["Domainname"] = domainname;
        if (options.StopSignal is { } signal) body["StopSignal"] = signal;
        if (options.NoHealthcheck == true) body["Healthcheck"] = new JsonObject { ["Test"] = new JsonArray("NONE") };
        if (options.Volumes.Any(v => v.Source is null))
            body["Volumes"] = new JsonObject(options.Volumes.Where(v => v.Source is null).Select(v => KeyValuePair.Create(v.Target, (JsonNode?)new JsonObject())));
        return body;
    }

    private static string? User(TaskSpec spec, string? imageUser) => (spec.Uid, spec.Gid) switch
    {
        (null, null) => null,
        ({ } uid, null) => $"{uid}",
        ({ } uid, { } gid) => $"{uid}:{gid}",
        (null, { } gid) => $"{(imageUser is null or "" ? "0" : imageUser.Split(':')[0])}:{gid}",
    };

    private static JsonArray Environment(RunRequest request, DockerRunOptions options)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CPU"] = request.Cpu.ToString(CultureInfo.InvariantCulture),
            ["INPUT"] = "/input",
            ["OUTPUT"] = "/output",
            ["RESOURCE"] = "/resource",
            ["TEMP"] = "/tmp",
            ["SCITQ_TASK_ID"] = request.Number.ToString(CultureInfo.InvariantCulture),
            ["SCITQ_TASK"] = request.Key.TaskId.ToString(),
            ["SCITQ_ATTEMPT"] = request.Key.Attempt.ToString(CultureInfo.InvariantCulture),
            ["SCITQ_BATCH"] = request.Spec.Batch,
            ["SCITQ_WORKER"] = request.Worker,
        };
        foreach (var (name, value) in request.Spec.Env.Concat(options.Env)) all[name] = value;
        return Strings(all.Select(v => $"{v.Key}={v.Value}"));
    }

    private static JsonObject Labels(RunRequest request, DockerRunOptions options)
    {
        var labels = new JsonObject(options.Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
        labels[LeaseLabel] = request.Key.Lease.ToString();
        labels["scitq.task"] = request.Key.TaskId.ToString();
        labels["scitq.attempt"] = request.Key.Attempt.ToString(CultureInfo.InvariantCulture);
        labels[WorkerLabel] = request.Worker;
        return labels;
    }

    private static JsonObject HostConfig(RunRequest request, DockerRunOptions options, bool init)
    {
        var host = new JsonObject
        {
            ["Init"] = options.Init ?? init,
            ["PidsLimit"] = options.PidsLimit ?? 4096,
            // When memory runs out on the worker, tasks go before the agent and the engine.
            ["OomScoreAdj"] = options.OomScoreAdj ?? 500,
            // Raw bytes on a bounded disk: what is printed while no agent is attached is found again there.
            ["LogConfig"] = new JsonObject
            {
                ["Type"] = "local",
                ["Config"] = new JsonObject { ["max-size"] = $"{LogResume.LogFileSize / 1_000_000}m", ["max-file"] = "2", ["compress"] = "false" },
            },
            ["Mounts"] = Mounts(request.Directory, options),
        };
        Set(host, "Binds", options.Volumes.Where(v => v.Source is not null), v => $"{v.Source}:{v.Target}" + (v.Mode is null ? "" : $":{v.Mode}"));
        Set(host, "DeviceRequests", options.Gpus, g => new JsonObject
        {
            ["Driver"] = g.Driver,
            ["Count"] = g.Count,
            ["DeviceIDs"] = g.DeviceIds.Count == 0 ? null : Strings(g.DeviceIds),
            ["Capabilities"] = new JsonArray(Strings(g.Capabilities)),
            ["Options"] = Map(g.Options),
        });
        Set(host, "Devices", options.Devices, d => new JsonObject { ["PathOnHost"] = d.Path, ["PathInContainer"] = d.Target, ["CgroupPermissions"] = d.Permissions });
        Set(host, "Ulimits", options.Ulimits, u => new JsonObject { ["Name"] = u.Name, ["Soft"] = u.Soft, ["Hard"] = u.Hard });
        Set(host, "BlkioDeviceReadBps", options.DeviceReadBps, Rate);
        Set(host, "BlkioDeviceWriteBps", options.DeviceWriteBps, Rate);
        Set(host, "BlkioDeviceReadIOps", options.DeviceReadIops, Rate);
        Set(host, "BlkioDeviceWriteIOps", options.DeviceWriteIops, Rate);
        Set(host, "DeviceCgroupRules", options.DeviceCgroupRules, r => r);
        Set(host, "CapAdd", options.CapAdd, c => c);
        // A device made in a mounted directory would open the worker's disk to whoever finds it there.
        string[] unasked = options.Privileged == true || options.CapAdd.Any(IsMknod) || options.CapDrop.Any(IsMknod) ? [] : ["MKNOD"];
        Set(host, "CapDrop", options.CapDrop.Concat(unasked), c => c);
        Set(host, "ExtraHosts", options.AddHosts, h => h);
        Set(host, "Dns", options.Dns, d => d);
        Set(host, "DnsOptions", options.DnsOptions, d => d);
        Set(host, "DnsSearch", options.DnsSearch, d => d);
        Set(host, "GroupAdd", options.GroupAdd, g => g);
        Set(host, "SecurityOpt", options.SecurityOptions, s => s);
        if (options.Tmpfs.Count > 0) host["Tmpfs"] = Map(options.Tmpfs);
        if (options.Sysctls.Count > 0) host["Sysctls"] = Map(options.Sysctls);
        if (options.StorageOptions.Count > 0) host["StorageOpt"] = Map(options.StorageOptions);
        SetScalars(host, options);
        return host;
    }

    private static bool IsMknod(string capability) => capability.ToUpperInvariant() is "MKNOD" or "CAP_MKNOD" or "ALL";

    private static void SetScalars(JsonObject host, DockerRunOptions o)
    {
        ReadOnlySpan<(string Name, JsonNode? Value)> scalars =
        [
            ("NetworkMode", o.Network), ("IpcMode", o.Ipc), ("PidMode", o.Pid), ("UTSMode", o.Uts), ("UsernsMode", o.Userns),
            ("CgroupnsMode", o.Cgroupns), ("CgroupParent", o.CgroupParent), ("Runtime", o.Runtime), ("VolumeDriver", o.VolumeDriver),
            ("Memory", o.Memory), ("MemorySwap", o.MemorySwap), ("MemoryReservation", o.MemoryReservation), ("MemorySwappiness", o.MemorySwappiness),
            ("ShmSize", o.ShmSize), ("NanoCpus", o.NanoCpus), ("CpuShares", o.CpuShares), ("CpuPeriod", o.CpuPeriod), ("CpuQuota", o.CpuQuota),
            ("CpuRealtimePeriod", o.CpuRealtimePeriod), ("CpuRealtimeRuntime", o.CpuRealtimeRuntime), ("CpusetCpus", o.CpusetCpus),
            ("CpusetMems", o.CpusetMems), ("BlkioWeight", o.BlkioWeight), ("OomKillDisable", o.OomKillDisable),
            ("Privileged", o.Privileged), ("ReadonlyRootfs", o.ReadOnly),
        ];
        foreach (var (name, value) in scalars)
            if (value is not null) host[name] = value;
    }

    private static JsonArray Mounts(WorkDirectory directory, DockerRunOptions options)
    {
        var taken = options.Volumes.Select(v => v.Target).Concat(options.Mounts.Select(m => m.Target)).Concat(options.Tmpfs.Keys)
            .Select(t => t.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        var mounts = new JsonArray();
        Bind(directory.Input, "/input", false);
        Bind(directory.Output, "/output", false);
        Bind(directory.Temp, "/tmp", false);
        Bind(directory.Resource, "/resource", true);
        if (Directory.Exists("/data")) Bind("/data", "/data", false);
        foreach (var mount in options.Mounts) mounts.Add(Mount(mount));
        return mounts;

        void Bind(string source, string target, bool readOnly)
        {
            if (!taken.Contains(target)) mounts.Add(new JsonObject { ["Type"] = "bind", ["Source"] = source, ["Target"] = target, ["ReadOnly"] = readOnly });
        }
    }

    private static JsonObject Mount(DockerMount mount)
    {
        var json = new JsonObject { ["Type"] = mount.Type, ["Source"] = mount.Source, ["Target"] = mount.Target, ["ReadOnly"] = mount.ReadOnly };
        switch (mount.Type)
        {
            case "bind":
                json["BindOptions"] = new JsonObject { ["Propagation"] = mount.Propagation, ["NonRecursive"] = mount.NonRecursive };
                break;
            case "volume":
                json["VolumeOptions"] = new JsonObject { ["NoCopy"] = mount.NoCopy };
                if (mount.VolumeDriver is not null || mount.VolumeOptions.Count > 0)
                    json["VolumeOptions"]!["DriverConfig"] = new JsonObject { ["Name"] = mount.VolumeDriver ?? "local", ["Options"] = Map(mount.VolumeOptions) };
                break;
            default:
                json["TmpfsOptions"] = new JsonObject { ["SizeBytes"] = mount.TmpfsSize ?? 0, ["Mode"] = mount.TmpfsMode ?? 0 };
                break;
        }

        return json;
    }

    private static JsonObject Rate(DockerDeviceRate rate) => new() { ["Path"] = rate.Path, ["Rate"] = rate.Rate };

    private static void Set<T>(JsonObject host, string name, IEnumerable<T> items, Func<T, JsonNode?> one)
    {
        var array = new JsonArray([.. items.Select(one)]);
        if (array.Count > 0) host[name] = array;
    }

    private static JsonArray Strings(IEnumerable<string> items) => new([.. items.Select(i => (JsonNode?)i)]);

    private static JsonObject Map(IReadOnlyDictionary<string, string> map) => new(map.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));
}

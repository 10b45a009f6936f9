using System.Collections.Frozen;
using System.Globalization;
using System.Net;

namespace Scitq.Contracts.Docker;

public sealed partial record DockerRunOptions
{
    private const string Container = "a task's container is made, watched and removed by scitq.";
    private const string Terminal = "a task has no terminal and no input.";
    private const string Logs = "scitq collects what the task prints.";
    private const string Ports = "a task serves no ports.";
    private const string Health = "scitq looks at the exit code alone.";
    private const string Submitter = "a file named here would be looked for on the worker; give the values themselves.";

    private static readonly FrozenDictionary<string, Option> Options = Table()
        .SelectMany(o => o.Names, (o, name) => KeyValuePair.Create(name, o))
        .ToFrozenDictionary(StringComparer.Ordinal);

    private static IEnumerable<Option> Table() =>
    [
        new("--gpus", (o, v) => DockerOptionValues.Add(DockerOptionValues.Gpus(v), o._gpus)),
        new("-e --env", ReadEnv),
        new("-l --label", ReadLabel),
        new("-v --volume", (o, v) => DockerOptionValues.Add(DockerOptionValues.Volume(v), o._volumes)),
        new("--mount", (o, v) => DockerOptionValues.Add(DockerOptionValues.Mount(v), o._mounts)),
        new("--tmpfs", ReadTmpfs),
        new("--device", (o, v) => DockerOptionValues.Add(DockerOptionValues.Device(v), o._devices)),
        new("--ulimit", (o, v) => DockerOptionValues.Add(DockerOptionValues.Ulimit(v), o._ulimits)),
        new("--device-read-bps", (o, v) => DockerOptionValues.Add(DockerOptionValues.Rate(v, true), o._deviceReadBps)),
        new("--device-write-bps", (o, v) => DockerOptionValues.Add(DockerOptionValues.Rate(v, true), o._deviceWriteBps)),
        new("--device-read-iops", (o, v) => DockerOptionValues.Add(DockerOptionValues.Rate(v, false), o._deviceReadIops)),
        new("--device-write-iops", (o, v) => DockerOptionValues.Add(DockerOptionValues.Rate(v, false), o._deviceWriteIops)),
        new("--device-cgroup-rule", (o, v) => DockerOptionPatterns.DeviceRule().IsMatch(v) ? Add(o._deviceCgroupRules, v) : "is not a rule like 'c 1:3 rwm'."),
        new("--cap-add", (o, v) => DockerOptionPatterns.Capability().IsMatch(v) ? Add(o._capAdd, v) : "is not a capability like SYS_PTRACE."),
        new("--cap-drop", (o, v) => DockerOptionPatterns.Capability().IsMatch(v) ? Add(o._capDrop, v) : "is not a capability like SYS_PTRACE."),
        new("--group-add", (o, v) =>
            DockerOptionPatterns.User().IsMatch(v) && !v.Contains(':') ? Add(o._groupAdd, v) : "is neither a group's name nor its number."),
        new("--add-host", ReadAddHost),
        new("--dns", (o, v) => IPAddress.TryParse(v, out _) ? Add(o._dns, v) : "is not an IP address."),
        new("--dns-option --dns-opt", (o, v) => Add(o._dnsOptions, v)),
        new("--dns-search", (o, v) => v == "." || DockerOptionPatterns.Host().IsMatch(v) ? Add(o._dnsSearch, v) : "is not a domain."),
        new("--security-opt", ReadSecurity),
        new("--sysctl", (o, v) => Pair(o._sysctls, v)),
        new("--storage-opt", (o, v) => Pair(o._storageOptions, v)),

        new("--entrypoint", (o, v) => Set(() => o.Entrypoint = v)),
        new("-w --workdir", (o, v) => v.StartsWith('/') ? Set(() => o.WorkingDirectory = v) : "is not an absolute path."),
        new("-u --user", (o, v) => DockerOptionPatterns.User().IsMatch(v) ? Set(() => o.User = v) : "is not a user like 1000, 1000:100 or name:group."),
        new("--platform", (o, v) => DockerOptionPatterns.Platform().IsMatch(v) ? Set(() => o.Platform = v) : "is not a platform like linux/amd64."),
        new("--pull", (o, v) => v is "missing" or "always" or "never" ? Set(() => o.Pull = v) : "is none of missing, always and never."),
        new("-h --hostname", (o, v) => v.Length < 64 && DockerOptionPatterns.Host().IsMatch(v) ? Set(() => o.Hostname = v) : "is not a host name."),
        new("--domainname", (o, v) => v.Length < 64 && DockerOptionPatterns.Host().IsMatch(v) ? Set(() => o.Domainname = v) : "is not a domain name."),
        new("--network --net", ReadNetwork),
        new("--ipc", (o, v) => v is "none" or "private" or "shareable" or "host" || OfContainer(v)
            ? Set(() => o.Ipc = v)
            : "is none of none, private, shareable, host and container:NAME."),
        new("--pid", (o, v) => v == "host" || OfContainer(v) ? Set(() => o.Pid = v) : "is neither host nor container:NAME."),
        new("--uts", (o, v) => v == "host" ? Set(() => o.Uts = v) : "can only be host."),
        new("--userns", (o, v) => v == "host" ? Set(() => o.Userns = v) : "can only be host."),
        new("--cgroupns", (o, v) => v is "host" or "private" ? Set(() => o.Cgroupns = v) : "is neither host nor private."),
        new("--cgroup-parent", (o, v) =>
            v.Length > 0 && !v.Contains("..", StringComparison.Ordinal) ? Set(() => o.CgroupParent = v) : "is not the name of a cgroup."),
        new("--runtime", (o, v) => DockerOptionPatterns.Name().IsMatch(v) ? Set(() => o.Runtime = v) : "is not the name of a runtime."),
        new("--stop-signal", (o, v) => DockerOptionPatterns.Signal().IsMatch(v) ? Set(() => o.StopSignal = v) : "is not a signal like SIGINT or 2."),
        new("--volume-driver", (o, v) => v.Length > 0 ? Set(() => o.VolumeDriver = v) : "is empty."),

        new("-m --memory", (o, v) => Size(v, 6L << 20, x => o.Memory = x)),
        new("--memory-swap", (o, v) => v == "-1" ? Set(() => o.MemorySwap = -1) : Size(v, 0, x => o.MemorySwap = x)),
        new("--memory-reservation", (o, v) => Size(v, 0, x => o.MemoryReservation = x)),
        new("--memory-swappiness", (o, v) => Number(v, -1, 100, x => o.MemorySwappiness = x < 0 ? null : (int)x)),
        new("--shm-size", (o, v) => Size(v, 1, x => o.ShmSize = x)),
        new("--cpus", ReadCpus),
        new("-c --cpu-shares", (o, v) => Number(v, 0, 262144, x => o.CpuShares = x)),
        new("--cpu-period", (o, v) => Number(v, 1000, 1_000_000, x => o.CpuPeriod = x)),
        new("--cpu-quota", (o, v) => Number(v, 1000, long.MaxValue, x => o.CpuQuota = x)),
        new("--cpu-rt-period", (o, v) => Number(v, 0, long.MaxValue, x => o.CpuRealtimePeriod = x)),
        new("--cpu-rt-runtime", (o, v) => Number(v, 0, long.MaxValue, x => o.CpuRealtimeRuntime = x)),
        new("--cpuset-cpus", (o, v) => DockerOptionPatterns.Set().IsMatch(v) ? Set(() => o.CpusetCpus = v) : "is not a list like 0-3,6."),
        new("--cpuset-mems", (o, v) => DockerOptionPatterns.Set().IsMatch(v) ? Set(() => o.CpusetMems = v) : "is not a list like 0,1."),
        new("--blkio-weight", (o, v) => Number(v, 0, 1000, x => o.BlkioWeight = (int)x)),
        new("--pids-limit", (o, v) => Number(v, -1, int.MaxValue, x => o.PidsLimit = x == 0 ? -1 : x)),
        new("--oom-score-adj", (o, v) => Number(v, -1000, 1000, x => o.OomScoreAdj = (int)x)),

        Flagged("--oom-kill-disable", (o, on) => o.OomKillDisable = on),
        Flagged("--init", (o, on) => o.Init = on),
        Flagged("--privileged", (o, on) => o.Privileged = on),
        Flagged("--read-only", (o, on) => o.ReadOnly = on),
        Flagged("--no-healthcheck", (o, on) => o.NoHealthcheck = on),

        // These change nothing: Scitq does it anyway, or it only concerns the docker program.
        Flagged("--rm", static (_, _) => { }) with { Means = false },
        Flagged("-q --quiet", static (_, _) => { }) with { Means = false },
        Flagged("--disable-content-trust", static (_, _) => { }) with { Means = false },

        Refuse("-d --detach", "scitq waits for the task's end.", flag: true),
        Refuse("-i --interactive", Terminal, flag: true),
        Refuse("-t --tty", Terminal, flag: true),
        Refuse("-P --publish-all", Ports, flag: true),
        Refuse("--sig-proxy", Terminal, flag: true),
        Refuse("--help", "see docs/docker.md.", flag: true),
        Refuse("-a --attach", Logs),
        Refuse("--detach-keys", Terminal),
        Refuse("--name", Container),
        Refuse("--cidfile", Container),
        Refuse("--restart", "what fails is run again by scitq: use --retry of the task."),
        Refuse("--stop-timeout", "the worker's own grace holds."),
        Refuse("--env-file", Submitter),
        Refuse("--label-file", Submitter),
        Refuse("--log-driver", Logs),
        Refuse("--log-opt", Logs),
        Refuse("-p --publish", Ports),
        Refuse("--expose", Ports),
        Refuse("--volumes-from", "other containers are none of a task's business."),
        Refuse("--link", "other containers are none of a task's business."),
        Refuse("--health-cmd", Health),
        Refuse("--health-interval", Health),
        Refuse("--health-retries", Health),
        Refuse("--health-start-period", Health),
        Refuse("--health-start-interval", Health),
        Refuse("--health-timeout", Health),
        Refuse("--ip", "addresses are given out by docker: many tasks share a worker."),
        Refuse("--ip6", "addresses are given out by docker: many tasks share a worker."),
        Refuse("--link-local-ip", "addresses are given out by docker: many tasks share a worker."),
        Refuse("--mac-address", "addresses are given out by docker: many tasks share a worker."),
        Refuse("--network-alias --net-alias", "other containers have no need to find a task."),
        Refuse("--isolation", "it exists on Windows only."),
        Refuse("--kernel-memory", "docker no longer has it."),
    ];

    private static string? ReadEnv(DockerRunOptions o, string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) return "has no value: a worker's own environment is never passed on, write NAME=VALUE.";
        if (equals == 0) return "has no name before the '='.";
        o._env[value[..equals]] = value[(equals + 1)..];
        return null;
    }

    private static string? ReadLabel(DockerRunOptions o, string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? value : value[..equals];
        if (name.Length == 0) return "has no name.";
        if (name.StartsWith("scitq.", StringComparison.OrdinalIgnoreCase)) return "begins with 'scitq.', which scitq keeps for itself.";
        o._labels[name] = equals < 0 ? "" : value[(equals + 1)..];
        return null;
    }

    private static string? ReadTmpfs(DockerRunOptions o, string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        var path = colon < 0 ? value : value[..colon];
        if (DockerOptionValues.TargetProblem(path) is { } problem) return problem;
        o._tmpfs[path] = colon < 0 ? "" : value[(colon + 1)..];
        return null;
    }

    private static string? ReadAddHost(DockerRunOptions o, string value)
    {
        var cut = value.IndexOfAny([':', '=']);
        if (cut <= 0 || !DockerOptionPatterns.Host().IsMatch(value[..cut])) return "is not of the form host:address.";
        var address = value[(cut + 1)..];
        if (address.StartsWith('[') && address.EndsWith(']')) address = address[1..^1];
        if (address != "host-gateway" && !IPAddress.TryParse(address, out _)) return $"holds '{address}', which is no IP address.";
        return Add(o._addHosts, $"{value[..cut]}:{address}");
    }

    private static string? ReadSecurity(DockerRunOptions o, string value)
    {
        var name = value.Split('=', ':')[0];
        if (name == "seccomp" && value[7..].TrimStart('=', ':') is not ("unconfined" or "builtin"))
            return "names a profile's file, which the worker does not have; seccomp=unconfined can be given.";
        return name is "no-new-privileges" or "seccomp" or "apparmor" or "label" or "credentialspec"
            ? Add(o._securityOptions, value)
            : "is none of no-new-privileges, seccomp=…, apparmor=… and label=….";
    }

    private static string? ReadNetwork(DockerRunOptions o, string value)
    {
        if (!DockerOptionPatterns.Name().IsMatch(value) && !OfContainer(value)) return "is not a network's name (nor none, host, bridge or container:NAME).";
        if (o.Network is { } other && other != value) return $"is a second network beside '{other}'; one is possible.";
        o.Network = value;
        return null;
    }

    private static string? ReadCpus(DockerRunOptions o, string value)
    {
        if (!decimal.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus) || cpus is < 0.01m or > 65536m)
            return "is not a number of processors like 2 or 0.5 (0.01 at least).";
        o.NanoCpus = (long)(cpus * 1_000_000_000m);
        return null;
    }

    private static string? Pair(Dictionary<string, string> map, string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) return "is not of the form name=value.";
        map[value[..equals]] = value[(equals + 1)..];
        return null;
    }

    private static string? Size(string value, long least, Action<long> set)
    {
        if (!DockerOptionValues.TrySize(value, out var bytes)) return "is not a size like 64m or 2g.";
        if (bytes < least) return $"is too small: {(least > 1 ? "6m" : "1 byte")} is the least docker takes.";
        set(bytes);
        return null;
    }

    private static string? Number(string value, long least, long most, Action<long> set)
    {
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < least || number > most)
            return most == long.MaxValue ? $"is not a number of {least} or more." : $"is not a number between {least} and {most}.";
        set(number);
        return null;
    }

    private static bool OfContainer(string value) =>
        value.StartsWith("container:", StringComparison.Ordinal) && DockerOptionPatterns.Name().IsMatch(value[10..]);

    private static string? Set(Action set)
    {
        set();
        return null;
    }

    private static string? Add(List<string> list, string value)
    {
        if (value.Length == 0) return "is empty.";
        list.Add(value);
        return null;
    }

    private static Option Flagged(string names, Action<DockerRunOptions, bool> set) => new(names, (o, v) =>
    {
        if (DockerOptionValues.Boolean(v) is not { } on) return "is neither true nor false.";
        set(o, on);
        return null;
    }, Flag: true);

    private static Option Refuse(string names, string why, bool flag = false) => new(names, (_, _) => why, flag, Refused: true);

    /// <param name="Spelling">All its names, with blanks between; the first long one is its <see cref="Name"/>.</param>
    /// <param name="Read">Sets the value, or says what is wrong with it.</param>
    /// <param name="Flag">Whether it takes no value of its own word.</param>
    /// <param name="Refused">Whether a task can't have it, whatever the value.</param>
    /// <param name="Means">Whether it changes anything.</param>
    private sealed record Option(string Spelling, Func<DockerRunOptions, string, string?> Read, bool Flag = false, bool Refused = false, bool Means = true)
    {
        public string[] Names { get; } = Spelling.Split(' ');

        public string Name { get; } = Spelling.Split(' ').First(n => n.StartsWith("--", StringComparison.Ordinal));
    }
}

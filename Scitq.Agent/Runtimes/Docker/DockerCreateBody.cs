using System.Globalization;
using System.Text;
using Docker.DotNet.Models;
using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>The engine's create request for one attempt.</summary>
internal static class DockerCreateBody
{
    public const string LeaseLabel = "scitq.lease";
    public const string WorkerLabel = "scitq.worker";
    public const string DirectoryLabel = "scitq.directory";

    // MAX_ARG_STRLEN of the kernel: one word, its closing zero included.
    private const int LargestWord = 131072;

    /// <summary>Why the kernel could not start the command, though the engine would say it has; null when it can.</summary>
    public static string? WordProblem(RunRequest request, DockerRunOptions options)
    {
        foreach (var word in request.Spec.Argv)
        {
            if (Encoding.UTF8.GetByteCount(word) >= LargestWord)
                return $"a word of the command has {Encoding.UTF8.GetByteCount(word)} bytes; Linux takes {LargestWord - 1} at most: "
                    + "put it in a file and give that as an input.";
        }

        foreach (var (name, value) in request.Spec.Env.Concat(options.Env))
        {
            if (Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) + 1 >= LargestWord)
                return $"environment variable {name} is longer than the {LargestWord - 1} bytes Linux takes: put it in a file and give that as an input.";
        }

        return null;
    }

    /// <param name="request">The attempt.</param>
    /// <param name="options">Its options of <c>docker run</c>.</param>
    /// <param name="imageUser">The user the image names, for a group id without a user id.</param>
    /// <param name="init">Whether the engine has a small init.</param>
    /// <param name="place">The agent's work directory.</param>
    public static CreateContainerParameters Build(RunRequest request, DockerRunOptions options, string? imageUser, bool init, string place) => new()
    {
        Name = Name(request),
        Platform = options.Platform,
        Image = request.Spec.Image!,
        Env = Environment(request, options),
        Labels = Labels(request, options, place),
        AttachStdout = true,
        AttachStderr = true,
        Cmd = request.Spec.Argv.Count > 0 ? [.. request.Spec.Argv] : null!,
        Entrypoint = options.Entrypoint is { } entrypoint ? [entrypoint] : null!,
        User = options.User ?? User(request, imageUser) ?? "",
        WorkingDir = options.WorkingDirectory ?? "",
        Hostname = options.Hostname ?? "",
        Domainname = options.Domainname ?? "",
        StopSignal = options.StopSignal,
        Healthcheck = options.NoHealthcheck == true ? new HealthcheckConfig { Test = ["NONE"] } : null,
        Volumes = options.Volumes.Where(v => v.Source is null).ToDictionary(v => v.Target, _ => default(EmptyStruct)),
        HostConfig = Host(request, options, init),
    };

    /// <summary>The container of an attempt.</summary>
    public static string Name(RunRequest request) => $"scitq-{request.Key.Lease}";

    private static string? User(RunRequest request, string? imageUser) => (request.Spec.Uid, request.Spec.Gid) switch
    {
        (null, null) => null,
        ({ } uid, null) => $"{uid}",
        ({ } uid, { } gid) => $"{uid}:{gid}",
        (null, { } gid) => $"{(imageUser is null or "" ? "0" : imageUser.Split(':')[0])}:{gid}",
    };

    private static List<string> Environment(RunRequest request, DockerRunOptions options)
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
        return [.. all.Select(v => $"{v.Key}={v.Value}")];
    }

    private static Dictionary<string, string> Labels(RunRequest request, DockerRunOptions options, string place) => new(options.Labels)
    {
        [LeaseLabel] = request.Key.Lease.ToString(),
        ["scitq.task"] = request.Key.TaskId.ToString(),
        ["scitq.attempt"] = request.Key.Attempt.ToString(CultureInfo.InvariantCulture),
        [WorkerLabel] = request.Worker,
        [DirectoryLabel] = place,
    };

    private static HostConfig Host(RunRequest request, DockerRunOptions options, bool init) => new()
    {
        Init = options.Init ?? init,
        PidsLimit = options.PidsLimit ?? 4096,
        // When memory runs out on the worker, tasks go before the agent and the engine.
        OomScoreAdj = options.OomScoreAdj ?? 500,
        // Raw bytes on a bounded disk: what is printed while no agent is attached is found again there.
        LogConfig = new LogConfig
        {
            Type = "local",
            Config = new Dictionary<string, string> { ["max-size"] = $"{LogResume.LogFileSize / 1_000_000}m", ["max-file"] = "2", ["compress"] = "false" },
        },
        Mounts = Mounts(request.Directory, options),
        Binds = [.. options.Volumes.Where(v => v.Source is not null).Select(v => $"{v.Source}:{v.Target}" + (v.Mode is null ? "" : $":{v.Mode}"))],
        DeviceRequests = [.. options.Gpus.Select(Gpus)],
        Devices = [.. options.Devices.Select(d => new DeviceMapping { PathOnHost = d.Path, PathInContainer = d.Target, CgroupPermissions = d.Permissions })],
        Ulimits = [.. options.Ulimits.Select(u => new Ulimit { Name = u.Name, Soft = u.Soft, Hard = u.Hard })],
        BlkioDeviceReadBps = Rates(options.DeviceReadBps),
        BlkioDeviceWriteBps = Rates(options.DeviceWriteBps),
        BlkioDeviceReadIOps = Rates(options.DeviceReadIops),
        BlkioDeviceWriteIOps = Rates(options.DeviceWriteIops),
        DeviceCgroupRules = [.. options.DeviceCgroupRules],
        CapAdd = [.. options.CapAdd],
        CapDrop = [.. options.CapDrop, .. UnaskedDrops(options)],
        ExtraHosts = [.. options.AddHosts],
        DNS = [.. options.Dns],
        DNSOptions = [.. options.DnsOptions],
        DNSSearch = [.. options.DnsSearch],
        GroupAdd = [.. options.GroupAdd],
        SecurityOpt = [.. options.SecurityOptions],
        Tmpfs = options.Tmpfs.ToDictionary(),
        Sysctls = options.Sysctls.ToDictionary(),
        StorageOpt = options.StorageOptions.Count > 0 ? options.StorageOptions.ToDictionary() : null,
        NetworkMode = options.Network ?? "",
        IpcMode = options.Ipc ?? "",
        PidMode = options.Pid ?? "",
        UTSMode = options.Uts ?? "",
        UsernsMode = options.Userns ?? "",
        CgroupnsMode = options.Cgroupns ?? "",
        CgroupParent = options.CgroupParent ?? "",
        Runtime = options.Runtime,
        VolumeDriver = options.VolumeDriver ?? "",
        Memory = options.Memory ?? 0,
        MemorySwap = options.MemorySwap ?? 0,
        MemoryReservation = options.MemoryReservation ?? 0,
        MemorySwappiness = options.MemorySwappiness,
        ShmSize = options.ShmSize ?? 0,
        NanoCPUs = options.NanoCpus ?? 0,
        CPUShares = options.CpuShares ?? 0,
        CPUPeriod = options.CpuPeriod ?? 0,
        CPUQuota = options.CpuQuota ?? 0,
        CPURealtimePeriod = options.CpuRealtimePeriod ?? 0,
        CPURealtimeRuntime = options.CpuRealtimeRuntime ?? 0,
        CpusetCpus = options.CpusetCpus ?? "",
        CpusetMems = options.CpusetMems ?? "",
        BlkioWeight = (ushort)(options.BlkioWeight ?? 0),
        OomKillDisable = options.OomKillDisable,
        Privileged = options.Privileged ?? false,
        ReadonlyRootfs = options.ReadOnly ?? false,
    };

    private static DeviceRequest Gpus(DockerGpus gpus) => new()
    {
        Driver = gpus.Driver,
        Count = gpus.Count,
        DeviceIDs = gpus.DeviceIds.Count == 0 ? null! : [.. gpus.DeviceIds],
        Capabilities = [[.. gpus.Capabilities]],
        Options = gpus.Options.ToDictionary(),
    };

    private static List<ThrottleDevice> Rates(IReadOnlyList<DockerDeviceRate> rates) =>
        [.. rates.Select(r => new ThrottleDevice { Path = r.Path, Rate = (ulong)r.Rate })];

    // A device made in a mounted directory would open the worker's disk to whoever finds it there.
    private static string[] UnaskedDrops(DockerRunOptions options) =>
        options.Privileged == true || options.CapAdd.Any(IsMknod) || options.CapDrop.Any(IsMknod) ? [] : ["MKNOD"];

    private static bool IsMknod(string capability) => capability.ToUpperInvariant() is "MKNOD" or "CAP_MKNOD" or "ALL";

    private static List<Mount> Mounts(WorkDirectory directory, DockerRunOptions options)
    {
        var taken = options.Volumes.Select(v => v.Target).Concat(options.Mounts.Select(m => m.Target)).Concat(options.Tmpfs.Keys)
            .Select(t => t.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        var mounts = new List<Mount>();
        Bind(directory.Input, "/input", false);
        Bind(directory.Output, "/output", false);
        Bind(directory.Temp, "/tmp", false);
        Bind(directory.Resource, "/resource", true);
        if (Directory.Exists("/data")) Bind("/data", "/data", false);
        mounts.AddRange(options.Mounts.Select(Asked));
        return mounts;

        void Bind(string source, string target, bool readOnly)
        {
            if (!taken.Contains(target)) mounts.Add(new Mount { Type = "bind", Source = source, Target = target, ReadOnly = readOnly });
        }
    }

    private static Mount Asked(DockerMount mount) => new()
    {
        Type = mount.Type,
        Source = mount.Source,
        Target = mount.Target,
        ReadOnly = mount.ReadOnly,
        BindOptions = mount.Type == "bind" ? new BindOptions { Propagation = mount.Propagation, NonRecursive = mount.NonRecursive } : null,
        VolumeOptions = mount.Type == "volume" ? Volume(mount) : null,
        TmpfsOptions = mount.Type == "tmpfs" ? new TmpfsOptions { SizeBytes = mount.TmpfsSize, Mode = (uint?)mount.TmpfsMode } : null,
    };

    private static VolumeOptions Volume(DockerMount mount) => new()
    {
        NoCopy = mount.NoCopy,
        DriverConfig = mount.VolumeDriver is null && mount.VolumeOptions.Count == 0 ? null
            : new Driver { Name = mount.VolumeDriver ?? "local", Options = mount.VolumeOptions.ToDictionary() },
    };
}

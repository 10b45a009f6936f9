using System.Text.Json.Serialization;

namespace Scitq.Contracts.Docker;

/// <summary>
/// Options of <c>docker run</c>, read into typed values; checked at submission, turned into the engine's create request by the agent.
/// A null or empty member was not given. Where <c>docker run</c> takes the last of several, so does this. In JSON they are their words.
/// </summary>
[JsonConverter(typeof(DockerRunOptionsConverter))]
public sealed partial record DockerRunOptions
{
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _env = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tmpfs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _sysctls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _storageOptions = new(StringComparer.Ordinal);
    private readonly List<DockerGpus> _gpus = [];
    private readonly List<DockerUlimit> _ulimits = [];
    private readonly List<DockerVolume> _volumes = [];
    private readonly List<DockerMount> _mounts = [];
    private readonly List<DockerDevice> _devices = [];
    private readonly List<string> _deviceCgroupRules = [];
    private readonly List<string> _capAdd = [];
    private readonly List<string> _capDrop = [];
    private readonly List<string> _addHosts = [];
    private readonly List<string> _dns = [];
    private readonly List<string> _dnsOptions = [];
    private readonly List<string> _dnsSearch = [];
    private readonly List<string> _groupAdd = [];
    private readonly List<string> _securityOptions = [];
    private readonly List<DockerDeviceRate> _deviceReadBps = [];
    private readonly List<DockerDeviceRate> _deviceWriteBps = [];
    private readonly List<DockerDeviceRate> _deviceReadIops = [];
    private readonly List<DockerDeviceRate> _deviceWriteIops = [];

    private DockerRunOptions(IReadOnlyList<string> words) => Words = words;

    /// <summary>No options.</summary>
    public static DockerRunOptions None { get; } = new([]);

    /// <summary>The words they were read from, unchanged.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>
    /// Why they can't be given to <c>docker run</c>, as one line; null when they can. Only <see cref="Read"/> makes such a value, and
    /// <see cref="TaskSpecRules"/> refuses it.
    /// </summary>
    public string? Problem { get; private set; }

    /// <summary>The long names of the options that were given and mean something here, e.g. <c>--volume</c> for <c>-v</c>.</summary>
    public IReadOnlyCollection<string> Given => _given;

    /// <summary><c>-e</c>: environment variables by name.</summary>
    public IReadOnlyDictionary<string, string> Env => _env;

    /// <summary><c>-l</c>: labels; none begins with <c>scitq.</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels => _labels;

    /// <summary><c>--tmpfs</c>: mount options by path.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs => _tmpfs;

    /// <summary><c>--sysctl</c>: kernel settings by name.</summary>
    public IReadOnlyDictionary<string, string> Sysctls => _sysctls;

    /// <summary><c>--storage-opt</c>: storage driver options by name.</summary>
    public IReadOnlyDictionary<string, string> StorageOptions => _storageOptions;

    /// <summary><c>--gpus</c>: what is asked of GPU drivers.</summary>
    public IReadOnlyList<DockerGpus> Gpus => _gpus;

    /// <summary><c>--ulimit</c>: process limits.</summary>
    public IReadOnlyList<DockerUlimit> Ulimits => _ulimits;

    /// <summary><c>-v</c>: host directories and volumes.</summary>
    public IReadOnlyList<DockerVolume> Volumes => _volumes;

    /// <summary><c>--mount</c>: mounts in the long notation.</summary>
    public IReadOnlyList<DockerMount> Mounts => _mounts;

    /// <summary><c>--device</c>: host devices.</summary>
    public IReadOnlyList<DockerDevice> Devices => _devices;

    /// <summary><c>--device-cgroup-rule</c>: rules like <c>c 1:3 rwm</c>.</summary>
    public IReadOnlyList<string> DeviceCgroupRules => _deviceCgroupRules;

    /// <summary><c>--cap-add</c>: capabilities to add.</summary>
    public IReadOnlyList<string> CapAdd => _capAdd;

    /// <summary><c>--cap-drop</c>: capabilities to drop.</summary>
    public IReadOnlyList<string> CapDrop => _capDrop;

    /// <summary><c>--add-host</c>: entries <c>name:address</c> for /etc/hosts.</summary>
    public IReadOnlyList<string> AddHosts => _addHosts;

    /// <summary><c>--dns</c>: name servers.</summary>
    public IReadOnlyList<string> Dns => _dns;

    /// <summary><c>--dns-option</c>: resolver options.</summary>
    public IReadOnlyList<string> DnsOptions => _dnsOptions;

    /// <summary><c>--dns-search</c>: search domains.</summary>
    public IReadOnlyList<string> DnsSearch => _dnsSearch;

    /// <summary><c>--group-add</c>: further groups.</summary>
    public IReadOnlyList<string> GroupAdd => _groupAdd;

    /// <summary><c>--security-opt</c>: security options.</summary>
    public IReadOnlyList<string> SecurityOptions => _securityOptions;

    /// <summary><c>--device-read-bps</c>.</summary>
    public IReadOnlyList<DockerDeviceRate> DeviceReadBps => _deviceReadBps;

    /// <summary><c>--device-write-bps</c>.</summary>
    public IReadOnlyList<DockerDeviceRate> DeviceWriteBps => _deviceWriteBps;

    /// <summary><c>--device-read-iops</c>.</summary>
    public IReadOnlyList<DockerDeviceRate> DeviceReadIops => _deviceReadIops;

    /// <summary><c>--device-write-iops</c>.</summary>
    public IReadOnlyList<DockerDeviceRate> DeviceWriteIops => _deviceWriteIops;

    /// <summary><c>--entrypoint</c>; empty removes the image's.</summary>
    public string? Entrypoint { get; private set; }

    /// <summary><c>-w</c>: an absolute path.</summary>
    public string? WorkingDirectory { get; private set; }

    /// <summary><c>-u</c>: name or uid, with an optional <c>:group</c>.</summary>
    public string? User { get; private set; }

    /// <summary><c>--platform</c>, e.g. <c>linux/amd64</c>.</summary>
    public string? Platform { get; private set; }

    /// <summary><c>--pull</c>: <c>missing</c> (also when not given), <c>always</c> or <c>never</c>.</summary>
    public string? Pull { get; private set; }

    /// <summary><c>-h</c>.</summary>
    public string? Hostname { get; private set; }

    /// <summary><c>--domainname</c>.</summary>
    public string? Domainname { get; private set; }

    /// <summary><c>--network</c>: <c>none</c>, <c>host</c>, <c>bridge</c>, <c>container:x</c> or a network's name.</summary>
    public string? Network { get; private set; }

    /// <summary><c>--ipc</c>.</summary>
    public string? Ipc { get; private set; }

    /// <summary><c>--pid</c>.</summary>
    public string? Pid { get; private set; }

    /// <summary><c>--uts</c>.</summary>
    public string? Uts { get; private set; }

    /// <summary><c>--userns</c>.</summary>
    public string? Userns { get; private set; }

    /// <summary><c>--cgroupns</c>.</summary>
    public string? Cgroupns { get; private set; }

    /// <summary><c>--cgroup-parent</c>.</summary>
    public string? CgroupParent { get; private set; }

    /// <summary><c>--runtime</c>: the OCI runtime's name.</summary>
    public string? Runtime { get; private set; }

    /// <summary><c>--stop-signal</c>.</summary>
    public string? StopSignal { get; private set; }

    /// <summary><c>--volume-driver</c>.</summary>
    public string? VolumeDriver { get; private set; }

    /// <summary><c>-m</c> in bytes.</summary>
    public long? Memory { get; private set; }

    /// <summary><c>--memory-swap</c> in bytes, memory included; -1 is without limit.</summary>
    public long? MemorySwap { get; private set; }

    /// <summary><c>--memory-reservation</c> in bytes.</summary>
    public long? MemoryReservation { get; private set; }

    /// <summary><c>--memory-swappiness</c>, 0 to 100.</summary>
    public int? MemorySwappiness { get; private set; }

    /// <summary><c>--shm-size</c> in bytes.</summary>
    public long? ShmSize { get; private set; }

    /// <summary><c>--cpus</c> in billionths of a processor.</summary>
    public long? NanoCpus { get; private set; }

    /// <summary><c>--cpu-shares</c>.</summary>
    public long? CpuShares { get; private set; }

    /// <summary><c>--cpu-period</c> in microseconds.</summary>
    public long? CpuPeriod { get; private set; }

    /// <summary><c>--cpu-quota</c> in microseconds.</summary>
    public long? CpuQuota { get; private set; }

    /// <summary><c>--cpu-rt-period</c> in microseconds.</summary>
    public long? CpuRealtimePeriod { get; private set; }

    /// <summary><c>--cpu-rt-runtime</c> in microseconds.</summary>
    public long? CpuRealtimeRuntime { get; private set; }

    /// <summary><c>--cpuset-cpus</c>, e.g. <c>0-3,6</c>.</summary>
    public string? CpusetCpus { get; private set; }

    /// <summary><c>--cpuset-mems</c>, e.g. <c>0,1</c>.</summary>
    public string? CpusetMems { get; private set; }

    /// <summary><c>--blkio-weight</c>, 10 to 1000, or 0 for none.</summary>
    public int? BlkioWeight { get; private set; }

    /// <summary><c>--pids-limit</c>; -1 is without limit.</summary>
    public long? PidsLimit { get; private set; }

    /// <summary><c>--oom-score-adj</c>, -1000 to 1000.</summary>
    public int? OomScoreAdj { get; private set; }

    /// <summary><c>--oom-kill-disable</c>.</summary>
    public bool? OomKillDisable { get; private set; }

    /// <summary><c>--init</c>; scitq's own default is true.</summary>
    public bool? Init { get; private set; }

    /// <summary><c>--privileged</c>.</summary>
    public bool? Privileged { get; private set; }

    /// <summary><c>--read-only</c>.</summary>
    public bool? ReadOnly { get; private set; }

    /// <summary><c>--no-healthcheck</c>.</summary>
    public bool? NoHealthcheck { get; private set; }
}

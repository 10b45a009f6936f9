using System.ComponentModel.DataAnnotations;
using Scitq.Access.Broker;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Agent.Runtimes.Native;
using Scitq.Agent.Secrets;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Hosting.Configuration;

namespace Scitq.Agent;

/// <summary>How an agent works.</summary>
public sealed record AgentOptions : IValidatableObject
{
    private const string DefaultStorage = "/etc/scitq/storage.json";
    private const string NameRule = "{0} is not 1 to 100 letters, digits, '.', '_' or '-'.";

    /// <summary>The worker's name; one living agent a name.</summary>
    [ServiceOption("name", "NAME", "the worker's name (default: the host's name)")]
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = NameRule)]
    [Required(ErrorMessage = NameRule)]
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The batch it serves.</summary>
    [ServiceOption("batch", "NAME", "the batch it serves (default: Default)")]
    public string Batch { get; init; } = BatchName.Default;

    /// <summary>How many tasks run at once.</summary>
    [ServiceOption("concurrency", "N", "how many tasks run at once")]
    [Range(0, 10_000)]
    public int Concurrency { get; init; } = 1;

    /// <summary>How many more are staged ahead.</summary>
    [ServiceOption("prefetch", "N", "how many more are staged ahead")]
    [Range(0, 10_000)]
    public int Prefetch { get; init; }

    /// <summary>Where tasks have their directories.</summary>
    [ServiceOption("work-dir", "DIR", "where tasks have their directories (default: /scratch, else ~/.local/share/scitq/work)", Form = OptionForm.Path)]
    public string WorkDir { get => field ??= DefaultWorkDir(); set; }

    /// <summary>The broker, <c>amqp://user:password@host:port/vhost</c>.</summary>
    [ServiceOption("bus", "URL", "the broker, amqp://user:password@host:port/vhost (better in SCITQ_BUS: others see the command line)",
        FileHelp = "a file that holds the broker's address")]
    public string Bus { get; init; } = "amqp://guest:guest@localhost:5672";

    /// <summary>A PEM file of the authorities that may have issued the broker's certificate; null for the machine's.</summary>
    [ServiceOption("bus-ca", "FILE", "PEM file of the authorities that may issue the broker's certificate, for amqps:// (default: the machine's)")]
    public string? BusCa { get; init; }

    /// <summary>A PEM file with the agent's certificate for the broker.</summary>
    [ServiceOption("bus-cert", "FILE", "PEM file with a certificate of the agent's own to show the broker")]
    public string? BusCert { get; init; }

    /// <summary>The PEM file with that certificate's key, if it is not in the same.</summary>
    [ServiceOption("bus-key", "FILE", "PEM file with its key (default: the same file)")]
    public string? BusKey { get; init; }

    /// <summary>How the broker is reached.</summary>
    internal BrokerSettings Broker => field ??= BrokerSettings.Read(Bus, BusCa, BusCert, BusKey);

    /// <summary>Take the name even from an agent that seems alive.</summary>
    [ServiceOption("takeover", null, "take the name even from an agent that seems alive")]
    public bool Takeover { get; init; }

    /// <summary><c>auto</c>, or <c>noop</c> to run nothing and succeed (for benchmarks).</summary>
    [ServiceOption("runtime", "auto|noop", "noop runs nothing and succeeds, for benchmarks (default: auto)")]
    [AllowedValues("auto", "noop", ErrorMessage = "{0} is neither auto nor noop.")]
    public string Runtime { get; init; } = "auto";

    /// <summary><c>all</c>, or <c>restricted</c> to refuse docker options that reach beyond the container.</summary>
    [ServiceOption("docker-options", "all|restricted", "restricted refuses docker options that reach beyond the container (default: all)")]
    [AllowedValues("all", "restricted", ErrorMessage = "{0} is neither all nor restricted.")]
    public string DockerOptions { get; init; } = "all";

    /// <summary>Whether tasks without an image are run; they have the rights of the agent's account.</summary>
    [ServiceOption("native-tasks", "true|false", "whether tasks without an image are run (default: true)")]
    public bool NativeTasks { get; init; } = true;

    /// <summary>The account that runs native tasks which name none; null for the agent's own.</summary>
    [ServiceOption("native-user", "ACCOUNT", "runs native tasks as this account (default: the agent's own); file:// is kept to /data then")]
    public string? NativeUser { get; init; }

    /// <summary>The accounts that a task may name (<c>-u</c>); null for any, with <see cref="NativeUser"/> for none.</summary>
    [ServiceOption("task-users", "ACCOUNT[,…]", "whom a native task may name with -u (default: anybody; with --native-user nobody)")]
    public IReadOnlyList<string>? TaskUsers { get; init; }

    /// <summary>The umask of native tasks.</summary>
    [ServiceOption("task-umask", "MODE", "umask of native tasks (default: 022)", Form = OptionForm.Octal)]
    [Range(0, 0b111_111_111)]
    public int TaskUmask { get; init; } = 0b000_010_010;

    /// <summary>The most processes and threads of one native task; 0 for no limit.</summary>
    [ServiceOption("task-pids", "N", "processes and threads of a native task at most; 0: no limit (default: 4096)")]
    [Range(0, int.MaxValue)]
    public int TaskPids { get; init; } = 4096;

    /// <summary>The most bytes of memory of one native task; 0 for no limit.</summary>
    [ServiceOption("task-memory", "BYTES", "memory of a native task at most (default: no limit)")]
    [Range(0, long.MaxValue)]
    public long TaskMemory { get; init; }

    /// <summary>How many processors one native task may keep busy; 0 for no limit.</summary>
    [ServiceOption("task-cpus", "N", "processors a native task may keep busy, 1.5 say (default: no limit)")]
    [Range(0, 100_000)]
    public double TaskCpus { get; init; }

    /// <summary>Whether native tasks run with fewer rights than the agent.</summary>
    internal bool DropsTasks => NativeUser is { } user && Runtimes.Native.Accounts.Uid(user) != Posix.geteuid();

    internal TaskAccounts Accounts => new(NativeUser is { } user ? Runtimes.Native.Accounts.Uid(user) : null,
        (TaskUsers ?? (NativeUser is null ? null : []))?.Select(Runtimes.Native.Accounts.Uid).OfType<uint>().ToHashSet());

    /// <summary>Directories below which <c>file://</c> may read and write; null for what <see cref="EffectiveFileRoots"/> says.</summary>
    [ServiceOption("file-roots", "DIR[:DIR]", "directories below which file:// may read and write (default: anywhere; with --native-tasks false: /data)",
        Form = OptionForm.Directories)]
    public IReadOnlyList<string>? FileRoots { get; init; }

    /// <summary>
    /// The directories in force; empty means anywhere. A native command can read all that the account can, so a limit is of use only
    /// where no native command runs, or none with the agent's own rights.
    /// </summary>
    public IReadOnlyList<string> EffectiveFileRoots => FileRoots ?? (NativeTasks && !DropsTasks ? [] : ["/data"]);

    /// <summary>
    /// <c>any</c> or <c>public</c>: the addresses that data of tasks may be fetched from and delivered to; null for what <see
    /// cref="OnlyPublicAddresses"/> says.
    /// </summary>
    [ServiceOption("fetch-addresses", "any|public", "what inputs may be fetched from and outputs sent to (default: any; with --native-tasks false: public)")]
    [AllowedValues(null, "any", "public", ErrorMessage = "{0} is neither any nor public.")]
    public string? FetchAddresses { get; init; }

    /// <summary>
    /// Whether only public addresses may be connected to. A native command connects to any address by itself, so the limit holds by default
    /// only where none runs.
    /// </summary>
    public bool OnlyPublicAddresses => FetchAddresses is null ? !NativeTasks : FetchAddresses == "public";

    /// <summary>The file with the accounts of object stores; null for what the environment says.</summary>
    [ServiceOption("storage", "FILE", $"accounts of object stores (default: {DefaultStorage} if it is there, else the environment)")]
    public string? StorageFile { get; init; } = File.Exists(DefaultStorage) ? DefaultStorage : null;

    /// <summary>Accounts of object stores; without any, what the environment says.</summary>
    internal StorageProfiles Storage => field ??= StorageFile is { } file ? Fetch.StorageFile.Read(file) : new();

    /// <summary>The folder or JSON file with the secrets that tasks may name; null for none.</summary>
    [ServiceOption("secrets", "PATH", "secrets that tasks may name: a folder of files, or a JSON file (default: none)", Form = OptionForm.Path)]
    public string? SecretsPath { get; init; }

    /// <summary>The secrets that tasks may name.</summary>
    internal SecretStore Secrets => field ??= new SecretStore(SecretsPath);

    /// <summary>How often a transfer is tried without any byte of progress before its task fails.</summary>
    [ServiceOption("transfer-attempts", "N", "how often a transfer is tried without progress before its task fails (default: 10)")]
    [Range(1, 1000)]
    public int TransferAttempts { get; init; } = 10;

    /// <summary>How long a connection to a store may stay without a byte before it counts as dead.</summary>
    [ServiceOption("transfer-idle-seconds", "S", "how long a store may be silent before its connection counts as dead (default: 60)")]
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TransferIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a drain waits for running tasks; null waits until they end.</summary>
    [ServiceOption("drain-timeout", "S", "how long a drain waits for running tasks (default: until they end)")]
    public TimeSpan? DrainTimeout { get; init; }

    /// <summary>Between TERM and KILL.</summary>
    [ServiceOption("stop-grace", "S", "between TERM and KILL (default: 10)")]
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long it may take, after a start, to find out what became of a task of the start before. Engines with many containers need minutes to come up
    /// after a crash; longer than this, an administrator is needed, and the task is better run elsewhere.
    /// </summary>
    [ServiceOption("resume-timeout", "S",
        "how long to find out what became of a task of the start before, as the container engine must say, before it counts as lost (default: 600)")]
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan ResumeTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the directory of a failed attempt is kept.</summary>
    [ServiceOption("keep-failed", "DAYS", "how long directories of failed tasks are kept (default: 3)", Form = OptionForm.Days)]
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan KeepFailed { get; init; } = TimeSpan.FromDays(3);

    /// <summary>Bytes of each stream that are kept: the first and the last half.</summary>
    [ServiceOption("output-cap", "BYTES", "of stdout and of stderr, kept at most (default: 64 MiB)")]
    [Range(64 * 1024L, long.MaxValue)]
    public long OutputCap { get; init; } = 64L * 1024 * 1024;

    /// <summary>With less free space than this where the work directory is, nothing new is taken.</summary>
    [ServiceOption("disk-reserve", "BYTES", "with less free space nothing new is taken, and a task that fills the disk is stopped (default: 256 MiB)")]
    [Range(0, long.MaxValue)]
    public long DiskReserve { get; init; } = 256L * 1024 * 1024;

    /// <summary>Per cent of the disk where the work directory is that may be full before directories of failed attempts are removed, oldest first.</summary>
    [ServiceOption("disk-high", "PERCENT", "when the disk is fuller, directories of failed tasks are removed, oldest first (default: 90)")]
    [Range(1, 100)]
    public int DiskHigh { get; init; } = 90;

    /// <summary>Between two heartbeats.</summary>
    [ServiceOption("heartbeat-seconds", "S", "between two heartbeats (default: 5)")]
    [Range(typeof(TimeSpan), "00:00:00.020", "00:01:00")]
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a lease is valid after it was asked for. Shorter than the coordinator's patience with a silent worker.</summary>
    [ServiceOption("lease-seconds", "S", "how long a lease is valid (default: 30)")]
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BatchName.Problem(Batch) is { } batch) yield return new(batch);
        if (LeaseTime < 2 * Heartbeat)
            yield return new(
                $"--lease-seconds {LeaseTime.TotalSeconds} is less than two heartbeats ({Heartbeat.TotalSeconds} s each): "
                + "leases would lapse from one to the next; lower --heartbeat-seconds.");
        foreach (var user in (TaskUsers ?? []).Append(NativeUser).OfType<string>())
        {
            if (Runtimes.Native.Accounts.Uid(user) is not { } uid) yield return new($"there is no account '{user}' on this machine.");
            else if (uid != Posix.geteuid() && Posix.geteuid() != 0)
                yield return new($"only root can run tasks as '{user}': this agent is uid {Posix.geteuid()}.");
        }

        if (Problem(() => Storage) is { } storage) yield return new($"--storage: {storage}");
        if (Problem(() => Broker) is { } broker) yield return new(broker);
        if (Runtime != "noop" && Problem(EngineAddress.FromEnvironment) is { } engine) yield return new(engine);
    }

    private static string? Problem(Func<object> read)
    {
        try
        {
            _ = read();
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    private static string DefaultWorkDir()
    {
        const string scratch = "/scratch";
        var own = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share", "scitq", "work");
        if (!Directory.Exists(scratch)) return own;
        // Everybody may write there: the agent takes a directory of its own below it.
        if (Files.OwnDirectory.IsShared(scratch)) return Path.Combine(scratch, $"scitq-{Environment.UserName}");
        try
        {
            // A name that others can foresee may be a link of theirs that leads elsewhere.
            var probe = Path.Combine(scratch, $".scitq-{Guid.NewGuid():N}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose)) return scratch;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not writable for this user.
            return own;
        }
    }
}

using System.ComponentModel.DataAnnotations;
using Scitq.Access.Broker;
using Scitq.Agent.Runtimes.Native;
using Scitq.Agent.Secrets;
using Scitq.Fetch;

namespace Scitq.Agent;

/// <summary>How an agent works. Each property is also an option (<c>--work-dir</c>), an environment variable (<c>SCITQ_WORK_DIR</c>) and a member of the configuration file (<c>"work-dir"</c>).</summary>
public sealed record AgentOptions
{
    /// <summary>The worker's name; one living agent a name.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "name is not 1 to 100 letters, digits, '.', '_' or '-'.")]
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The batch it serves.</summary>
    public string Batch { get; init; } = Contracts.BatchName.Default;

    /// <summary>How many tasks run at once.</summary>
    [Range(0, 10_000)]
    public int Concurrency { get; init; } = 1;

    /// <summary>How many more are staged ahead.</summary>
    [Range(0, 10_000)]
    public int Prefetch { get; init; }

    /// <summary>Where tasks have their directories.</summary>
    public string WorkDir { get; init; } = DefaultWorkDir();

    /// <summary>The broker, <c>amqp://user:password@host:port/vhost</c>.</summary>
    public string Bus { get; init; } = "amqp://guest:guest@localhost:5672";

    /// <summary>A PEM file of the authorities that may have issued the broker's certificate; null for the machine's.</summary>
    public string? BusCa { get; init; }

    /// <summary>A PEM file with the agent's certificate for the broker.</summary>
    public string? BusCert { get; init; }

    /// <summary>The PEM file with that certificate's key, if it is not in the same.</summary>
    public string? BusKey { get; init; }

    /// <summary>What the four of them make; null in a process that has its own bus.</summary>
    internal BrokerSettings? Broker { get; init; }

    /// <summary>The coordinator's REST address; not needed to work.</summary>
    public string? Coordinator { get; init; }

    /// <summary>Take the name even from an agent that seems alive.</summary>
    public bool Takeover { get; init; }

    /// <summary><c>auto</c>, or <c>noop</c> to run nothing and succeed (for benchmarks).</summary>
    [AllowedValues("auto", "noop", ErrorMessage = "runtime is neither auto nor noop.")]
    public string Runtime { get; init; } = "auto";

    /// <summary><c>all</c>, or <c>restricted</c> to refuse docker options that reach beyond the container.</summary>
    [AllowedValues("all", "restricted", ErrorMessage = "docker options are neither all nor restricted.")]
    public string DockerOptions { get; init; } = "all";

    /// <summary>Whether tasks without an image are run; they have the rights of the agent's account.</summary>
    public bool NativeTasks { get; init; } = true;

    /// <summary>The account that runs native tasks which name none; null for the agent's own.</summary>
    public string? NativeUser { get; init; }

    /// <summary>The accounts that a task may name (<c>-u</c>); null for any, with <see cref="NativeUser"/> for none.</summary>
    public IReadOnlyList<string>? TaskUsers { get; init; }

    /// <summary>The umask of native tasks.</summary>
    [Range(0, 0b111_111_111)]
    public int TaskUmask { get; init; } = 0b000_010_010;

    /// <summary>The most processes and threads of one native task; 0 for no limit.</summary>
    [Range(0, int.MaxValue)]
    public int TaskPids { get; init; } = 4096;

    /// <summary>The most bytes of memory of one native task; 0 for no limit.</summary>
    [Range(0, long.MaxValue)]
    public long TaskMemory { get; init; }

    /// <summary>How many processors one native task may keep busy; 0 for no limit.</summary>
    [Range(0, 100_000)]
    public double TaskCpus { get; init; }

    /// <summary>Whether native tasks run with fewer rights than the agent.</summary>
    internal bool DropsTasks => NativeUser is { } user && Runtimes.Native.Accounts.Uid(user) != Posix.geteuid();

    internal TaskAccounts Accounts => new(NativeUser is { } user ? Runtimes.Native.Accounts.Uid(user) : null,
        (TaskUsers ?? (NativeUser is null ? null : []))?.Select(Runtimes.Native.Accounts.Uid).OfType<uint>().ToHashSet());

    /// <summary>Directories below which <c>file://</c> may read and write; null for what <see cref="EffectiveFileRoots"/> says.</summary>
    public IReadOnlyList<string>? FileRoots { get; init; }

    /// <summary>The directories in force; empty means anywhere. A native command can read what the account can, so a limit limits something only where there is none, or none with the agent's own rights.</summary>
    public IReadOnlyList<string> EffectiveFileRoots => FileRoots ?? (NativeTasks && !DropsTasks ? [] : ["/data"]);

    /// <summary><c>any</c> or <c>public</c>: what data of tasks may be fetched from and delivered to; null for what <see cref="OnlyPublicAddresses"/> says.</summary>
    [AllowedValues(null, "any", "public", ErrorMessage = "fetch addresses are neither any nor public.")]
    public string? FetchAddresses { get; init; }

    /// <summary>Whether only public addresses may be connected to. A native command can connect to what the account can, so only where there is none a limit limits anything.</summary>
    public bool OnlyPublicAddresses => FetchAddresses is null ? !NativeTasks : FetchAddresses == "public";

    /// <summary>Accounts of object stores; without any, what the environment says.</summary>
    public StorageProfiles Storage { get; init; } = new();

    /// <summary>What tasks may name as their secrets.</summary>
    public SecretStore Secrets { get; init; } = new(null);

    /// <summary>How often a transfer is tried without any byte of progress before its task fails.</summary>
    [Range(1, 1000)]
    public int TransferAttempts { get; init; } = 10;

    /// <summary>How long a connection to a store may stay without a byte before it counts as dead.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan TransferIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a drain waits for running tasks; null waits until they end.</summary>
    public TimeSpan? DrainTimeout { get; init; }

    /// <summary>Between two heartbeats.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:01:00")]
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a lease is valid after it was asked for. Shorter than the coordinator's patience with a silent worker.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between TERM and KILL.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of each stream that are kept: the first and the last half.</summary>
    [Range(64 * 1024L, long.MaxValue)]
    public long OutputCap { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long the directory of a failed attempt is kept.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan KeepFailed { get; init; } = TimeSpan.FromDays(3);

    /// <summary>With less free space than this where the work directory is, nothing new is taken.</summary>
    [Range(0, long.MaxValue)]
    public long DiskReserve { get; init; } = 256L * 1024 * 1024;

    /// <summary>Per cent of the disk where the work directory is that may be full before directories of failed attempts are removed, oldest first.</summary>
    [Range(1, 100)]
    public int DiskHigh { get; init; } = 90;

    /// <summary>Why the options can't be used, or null.</summary>
    public string? Problem()
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true)) return problems[0].ErrorMessage;
        foreach (var user in (TaskUsers ?? []).Append(NativeUser).OfType<string>())
        {
            if (Runtimes.Native.Accounts.Uid(user) is not { } uid) return $"there is no account '{user}' on this machine.";
            if (uid != Posix.geteuid() && Posix.geteuid() != 0) return $"only root can run tasks as '{user}': this agent is uid {Posix.geteuid()}.";
        }

        return Contracts.BatchName.Problem(Batch);
    }

    private static string DefaultWorkDir()
    {
        const string scratch = "/scratch";
        var own = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share", "scitq", "work");
        // Where everybody may write, a directory of its own.
        if (!Directory.Exists(scratch)) return own;
        if (Files.OwnDirectory.IsShared(scratch)) return Path.Combine(scratch, $"scitq-{Environment.UserName}");
        try
        {
            // Where everybody may write, a name that can be foreseen may be a link that leads elsewhere.
            using (new FileStream(Path.Combine(scratch, $".scitq-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose)) return scratch;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not writable for this user.
            return own;
        }
    }
}

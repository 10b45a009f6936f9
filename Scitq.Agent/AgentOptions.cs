using System.ComponentModel.DataAnnotations;
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

    /// <summary>Directories below which <c>file://</c> may read and write; null for what <see cref="EffectiveFileRoots"/> says.</summary>
    public IReadOnlyList<string>? FileRoots { get; init; }

    /// <summary>The directories in force; empty means anywhere. A native command can read what the account can, so only where there is none a limit limits anything.</summary>
    public IReadOnlyList<string> EffectiveFileRoots => FileRoots ?? (NativeTasks ? [] : ["/data"]);

    /// <summary>Accounts of object stores; without any, what the environment says.</summary>
    public StorageProfiles Storage { get; init; } = new();

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

    /// <summary>
    /// How long it may take, after a start, to find out what became of a task of the start before. Engines with many containers need minutes to come up
    /// after a crash; longer than this, an administrator is needed, and the task is better run elsewhere.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan ResumeTimeout { get; init; } = TimeSpan.FromMinutes(10);

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
        return Contracts.BatchName.Problem(Batch);
    }

    private static string DefaultWorkDir()
    {
        const string scratch = "/scratch";
        var own = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share", "scitq", "work");
        if (!Directory.Exists(scratch)) return own;
        try
        {
            using (File.Create(Path.Combine(scratch, $".scitq-{Environment.ProcessId}"), 1, FileOptions.DeleteOnClose)) return scratch;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not writable for this user.
            return own;
        }
    }
}

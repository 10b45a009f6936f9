using System.Globalization;
using Scitq.Access.Broker;
using Scitq.Agent.Secrets;
using Scitq.Fetch;
using Scitq.Messaging.Hosting;

namespace Scitq.Agent;

/// <summary>Reads <see cref="AgentOptions"/> from the command line, the environment and a JSON file.</summary>
public static class AgentArguments
{
    private const string Program = "scitq-agent";

    private const string DefaultStorage = "/etc/scitq/storage.json";

    private const string Purpose = """
        Runs tasks of a batch on this machine.

        SIGTERM drains: nothing new is taken and running tasks end; a second one stops at once and leaves them to the next
        start. Exit codes: 0 drained, 1 failed, 2 wrong usage, 3 refused (name or work directory in use).
        """;

    private static readonly (ServiceOption Option, Func<AgentOptions, string, AgentOptions> Set)[] Known =
    [
        (new("name", "NAME", "the worker's name (default: the host's name)"), (o, v) => o with { Name = v }),
        (new("batch", "NAME", "the batch it serves (default: Default)"), (o, v) => o with { Batch = v }),
        (new("concurrency", "N", "how many tasks run at once"), (o, v) => o with { Concurrency = Whole(v) }),
        (new("prefetch", "N", "how many more are staged ahead"), (o, v) => o with { Prefetch = Whole(v) }),
        (new("work-dir", "DIR", "where tasks have their directories (default: /scratch, else ~/.local/share/scitq/work)"), (o, v) => o with { WorkDir = Path.GetFullPath(v) }),
        (new("bus", "URL", "the broker, amqp://user:password@host:port/vhost (better in SCITQ_BUS: others see the command line)"), (o, v) => o with { Bus = v }),
        (new("bus-file", "FILE", "a file that holds the broker's address"), (o, _) => o),
        (new("bus-ca", "FILE", "PEM file of the authorities that may issue the broker's certificate, for amqps:// (default: the machine's)"), (o, v) => o with { BusCa = v }),
        (new("bus-cert", "FILE", "PEM file with a certificate of the agent's own to show the broker"), (o, v) => o with { BusCert = v }),
        (new("bus-key", "FILE", "PEM file with its key (default: the same file)"), (o, v) => o with { BusKey = v }),
        (new("coordinator", "URL", "the coordinator's REST address"), (o, v) => o with { Coordinator = v }),
        (new("runtime", "auto|noop", "noop runs nothing and succeeds, for benchmarks (default: auto)"), (o, v) => o with { Runtime = v }),
        (new("docker-options", "all|restricted", "restricted refuses docker options that reach beyond the container (default: all)"), (o, v) => o with { DockerOptions = v }),
        (new("native-tasks", "true|false", "whether tasks without an image are run (default: true)"), (o, v) => o with { NativeTasks = Truth(v) }),
        (new("native-user", "ACCOUNT", "runs native tasks as this account (default: the agent's own); file:// is kept to /data then"), (o, v) => o with { NativeUser = v }),
        (new("task-users", "ACCOUNT[,…]", "whom a native task may name with -u (default: anybody; with --native-user nobody)"), (o, v) => o with { TaskUsers = v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) }),
        (new("task-umask", "MODE", "umask of native tasks (default: 022)"), (o, v) => o with { TaskUmask = Octal(v) }),
        (new("task-pids", "N", "processes and threads of a native task at most; 0: no limit (default: 4096)"), (o, v) => o with { TaskPids = Whole(v) }),
        (new("task-memory", "BYTES", "memory of a native task at most (default: no limit)"), (o, v) => o with { TaskMemory = Bytes(v) }),
        (new("task-cpus", "N", "processors a native task may keep busy, 1.5 say (default: no limit)"), (o, v) => o with { TaskCpus = Number(v) }),
        (new("file-roots", "DIR[:DIR]", "directories below which file:// may read and write (default: anywhere; with --native-tasks false: /data)"), (o, v) => o with { FileRoots = Directories(v) }),
        (new("fetch-addresses", "any|public", "what inputs may be fetched from and outputs sent to (default: any; with --native-tasks false: public)"), (o, v) => o with { FetchAddresses = v }),
        (new("storage", "FILE", $"accounts of object stores (default: {DefaultStorage} if it is there, else the environment)"), (o, v) => o with { Storage = StorageFile.Read(v) }),
        (new("secrets", "PATH", "secrets that tasks may name: a folder of files, or a JSON file (default: none)"), (o, v) => o with { Secrets = new SecretStore(Path.GetFullPath(v)) }),
        (new("transfer-attempts", "N", "how often a transfer is tried without progress before its task fails (default: 10)"), (o, v) => o with { TransferAttempts = Whole(v) }),
        (new("transfer-idle-seconds", "S", "how long a store may be silent before its connection counts as dead (default: 60)"), (o, v) => o with { TransferIdle = Seconds(v) }),
        (new("takeover", null, "take the name even from an agent that seems alive"), (o, v) => o with { Takeover = Truth(v) }),
        (new("drain-timeout", "S", "how long a drain waits for running tasks (default: until they end)"), (o, v) => o with { DrainTimeout = Seconds(v) }),
        (new("stop-grace", "S", "between TERM and KILL (default: 10)"), (o, v) => o with { StopGrace = Seconds(v) }),
        (new("keep-failed", "DAYS", "how long directories of failed tasks are kept (default: 3)"), (o, v) => o with { KeepFailed = TimeSpan.FromDays(Number(v)) }),
        (new("output-cap", "BYTES", "of stdout and of stderr, kept at most (default: 64 MiB)"), (o, v) => o with { OutputCap = Bytes(v) }),
        (new("disk-reserve", "BYTES", "with less free space nothing new is taken (default: 256 MiB)"), (o, v) => o with { DiskReserve = Bytes(v) }),
        (new("disk-high", "PERCENT", "when the disk is fuller, directories of failed tasks are removed, oldest first (default: 90)"), (o, v) => o with { DiskHigh = Whole(v) }),
        (new("heartbeat-seconds", "S", "between two heartbeats (default: 5)"), (o, v) => o with { Heartbeat = Seconds(v) }),
        (new("lease-seconds", "S", "how long a lease is valid (default: 30)"), (o, v) => o with { LeaseTime = Seconds(v) }),
    ];

    /// <summary>The options of an agent that is part of another program, which knows where its bus and its directories are.</summary>
    public static IReadOnlyList<ServiceOption> InProcess { get; } =
        [.. Known.Select(k => k.Option).Where(o => o.Name is not ("bus" or "bus-file" or "bus-ca" or "bus-cert" or "bus-key" or "coordinator" or "work-dir" or "takeover"))];

    /// <summary>The options and what else was said; null when the program is to end with the exit code.</summary>
    public static (AgentOptions Options, ServiceArguments Settings)? Read(string[] args, out int exitCode)
    {
        ServiceOption[] table = [.. Known.Select(k => k.Option), new("config", "FILE", "JSON file with these options")];
        if (ServiceArguments.Read(Program, Purpose, table, args, out exitCode) is not { } read) return null;
        try
        {
            var options = Apply(new AgentOptions(), read);
            if (read.Secret("bus") is { } bus) options = options with { Bus = bus };
            return (options with { Broker = BrokerSettings.Read(options.Bus, options.BusCa, options.BusCert, options.BusKey) }, read);
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine($"{Program}: {e.Message}");
            exitCode = 2;
            return null;
        }
    }

    /// <summary>The options with what was given of them.</summary>
    /// <exception cref="ArgumentException">One can't be used; the message is for the user.</exception>
    public static AgentOptions Apply(AgentOptions options, ServiceArguments read)
    {
        foreach (var (option, set) in Known)
        {
            if ((read[option.Name] ?? Default(option.Name)) is not { } value) continue;
            try
            {
                options = set(options, value);
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException($"--{option.Name} {e.Message}", e);
            }
        }

        return options.Problem() is { } problem ? throw new ArgumentException(problem) : options;
    }

    private static string? Default(string option) => option == "storage" && File.Exists(DefaultStorage) ? DefaultStorage : null;

    private static bool Truth(string text) => text switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new ArgumentException($"'{text}' is neither true nor false."),
    };

    private static string[] Directories(string text)
    {
        var directories = text.Split(':');
        if (directories.FirstOrDefault(d => !Path.IsPathFullyQualified(d)) is { } relative) throw new ArgumentException($"'{relative}' is not an absolute path.");
        return directories;
    }

    private static int Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw new ArgumentException($"'{text}' is not a whole number.");

    private static int Octal(string text) =>
        text.Length is > 0 and <= 4 && text.All(c => c is >= '0' and <= '7') ? Convert.ToInt32(text, 8) : throw new ArgumentException($"'{text}' is not an octal number such as 022.");

    private static long Bytes(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw new ArgumentException($"'{text}' is not a number of bytes.");

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n is >= 0 and < 1e9 ? n : throw new ArgumentException($"'{text}' is not a number of 0 or more.");

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(Number(text));
}

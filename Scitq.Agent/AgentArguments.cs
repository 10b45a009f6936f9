using System.Globalization;
using System.Text.Json;

namespace Scitq.Agent;

/// <summary>Reads <see cref="AgentOptions"/>: the command line wins over the environment, the environment over the configuration file.</summary>
internal sealed class AgentArguments
{
    private const string DefaultConfig = "/etc/scitq/agent.json";

    private static readonly Option[] Known =
    [
        new("name", "NAME", "the worker's name (default: the host's name)", (o, v) => o with { Name = v }),
        new("batch", "NAME", "the batch it serves (default: Default)", (o, v) => o with { Batch = v }),
        new("concurrency", "N", "how many tasks run at once (default: 1)", (o, v) => o with { Concurrency = Whole(v) }),
        new("prefetch", "N", "how many more are staged ahead (default: 0)", (o, v) => o with { Prefetch = Whole(v) }),
        new("work-dir", "DIR", "where tasks have their directories (default: /scratch, else ~/.local/share/scitq/work)", (o, v) => o with { WorkDir = Path.GetFullPath(v) }),
        new("bus", "URL", "the broker, amqp://user:password@host:port/vhost (better in SCITQ_BUS: others see the command line)", (o, v) => o with { Bus = v }),
        new("bus-file", "FILE", "a file that holds the broker's address", (o, v) => o with { BusFile = v }),
        new("coordinator", "URL", "the coordinator's REST address", (o, v) => o with { Coordinator = v }),
        new("runtime", "auto|noop", "noop runs nothing and succeeds, for benchmarks (default: auto)", (o, v) => o with { Runtime = v }),
        new("docker-options", "all|restricted", "restricted refuses docker options that reach beyond the container (default: all)", (o, v) => o with { DockerOptions = v }),
        new("takeover", null, "take the name even from an agent that seems alive", (o, v) => o with { Takeover = v is "true" or "1" }),
        new("drain-timeout", "S", "how long a drain waits for running tasks (default: until they end)", (o, v) => o with { DrainTimeout = Seconds(v) }),
        new("stop-grace", "S", "between TERM and KILL (default: 10)", (o, v) => o with { StopGrace = Seconds(v) }),
        new("keep-failed", "DAYS", "how long directories of failed tasks are kept (default: 3)", (o, v) => o with { KeepFailed = TimeSpan.FromDays(Number(v)) }),
        new("output-cap", "BYTES", "of stdout and of stderr, kept at most (default: 64 MiB)", (o, v) => o with { OutputCap = long.Parse(v, CultureInfo.InvariantCulture) }),
        new("disk-reserve", "BYTES", "with less free space nothing new is taken (default: 256 MiB)", (o, v) => o with { DiskReserve = long.Parse(v, CultureInfo.InvariantCulture) }),
        new("heartbeat-seconds", "S", "between two heartbeats (default: 5)", (o, v) => o with { Heartbeat = Seconds(v) }),
        new("lease-seconds", "S", "how long a lease is valid (default: 30)", (o, v) => o with { LeaseTime = Seconds(v) }),
    ];

    /// <summary>The options, when they can be used.</summary>
    public AgentOptions? Options { get; private init; }

    /// <summary>What to print instead of working, and the exit code that goes with it.</summary>
    public (string Text, int ExitCode)? Answer { get; private init; }

    public static AgentArguments Read(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        if (args.Contains("--help") || args.Contains("-h")) return new AgentArguments { Answer = (Help(), 0) };
        try
        {
            var given = Split(args);
            var options = new AgentOptions();
            var config = given.GetValueOrDefault("config") ?? environment("SCITQ_CONFIG");
            if (config is not null || File.Exists(DefaultConfig)) options = FromFile(options, config ?? DefaultConfig);
            foreach (var option in Known)
            {
                var value = given.GetValueOrDefault(option.Name) ?? environment("SCITQ_" + option.Name.Replace('-', '_').ToUpperInvariant());
                if (value is not null) options = option.Set(options, value);
            }

            if (options.BusFile is { } file && !given.ContainsKey("bus")) options = options with { Bus = File.ReadAllText(file).Trim() };
            if (options.Problem() is { } problem) return Wrong(problem);
            if (!Uri.TryCreate(options.Bus, UriKind.Absolute, out var bus) || bus.Scheme is not ("amqp" or "amqps"))
                return Wrong("the broker's address is not of the form amqp://user:password@host:port/vhost.");
            return new AgentArguments { Options = options };
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or IOException or UnauthorizedAccessException or JsonException)
        {
            return Wrong(e.Message);
        }
    }

    private static AgentArguments Wrong(string problem) => new() { Answer = ($"scitq-agent: {problem} (--help tells what there is)", 2) };

    private static Dictionary<string, string> Split(IReadOnlyList<string> args)
    {
        var given = new Dictionary<string, string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, equals, value) = args[i].IndexOf('=', StringComparison.Ordinal) is var at and > 0 ? (args[i][..at], true, args[i][(at + 1)..]) : (args[i], false, "");
            var option = name == "--config" ? new Option("config", "FILE", "", (o, _) => o) : Known.FirstOrDefault(o => "--" + o.Name == name)
                ?? throw new ArgumentException($"unknown option '{args[i]}'.");
            if (option.Value is null && !equals) value = "true";
            else if (!equals && ++i >= args.Count) throw new ArgumentException($"option '{name}' needs a value.");
            else if (!equals) value = args[i];
            given[option.Name] = value;
        }

        return given;
    }

    private static AgentOptions FromFile(AgentOptions options, string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var root = json.RootElement.TryGetProperty("Agent", out var section) ? section : json.RootElement;
        foreach (var member in root.EnumerateObject())
        {
            var option = Known.FirstOrDefault(o => string.Equals(o.Name.Replace("-", ""), member.Name.Replace("_", "").Replace("-", ""), StringComparison.OrdinalIgnoreCase))
                ?? throw new ArgumentException($"'{path}' has the unknown member '{member.Name}'.");
            options = option.Set(options, member.Value.ToString().ToLowerInvariant() is "true" ? "true" : member.Value.ToString());
        }

        return options;
    }

    private static string Help() =>
        "Runs tasks of a batch on this machine.\n\nUsage: scitq-agent [options]\n\n"
        + string.Concat(Known.Prepend(new Option("config", "FILE", $"JSON configuration (default: {DefaultConfig} if it exists)", (o, _) => o))
            .Select(o => $"  {"--" + o.Name + (o.Value is null ? "" : " " + o.Value),-26} {o.Help}\n"))
        + "\nEach option is also an environment variable (--work-dir is SCITQ_WORK_DIR) and a member of the configuration file (\"WorkDir\").\n"
        + "SIGTERM drains: nothing new is taken and running tasks end; a second one stops at once and leaves them to the next start.\n"
        + "Exit codes: 0 drained, 1 failed, 2 wrong usage, 3 refused (name or work directory in use).";

    private static int Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw new ArgumentException($"'{text}' is not a whole number.");

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n >= 0 ? n : throw new ArgumentException($"'{text}' is not a number of 0 or more.");

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(Number(text));

    private sealed record Option(string Name, string? Value, string Help, Func<AgentOptions, string, AgentOptions> Set);
}

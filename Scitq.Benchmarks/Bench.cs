using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks;

/// <summary>What every benchmark has: the servers given to it, a folder, the meter and the report.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private Bench(BenchOptions options)
    {
        Options = options;
        Folder = Directory.CreateTempSubdirectory("scitq-bench-").FullName;
        // Agents and peers may run as somebody else.
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_111_111);
        Report = new Report(options.Name, Machine.Read(Meter));
    }

    public BenchOptions Options { get; }

    /// <summary>Removed at the end.</summary>
    public string Folder { get; }

    public Meter Meter { get; } = new();

    public Report Report { get; }

    /// <summary>The groups of the broker and the database, which ours and the peers share.</summary>
    public const string RabbitMq = "rabbitmq", PostgreSql = "postgresql";

    /// <summary>The submitters.</summary>
    public const string Clients = "clients";

    public Uri Broker => new(Variable("SCITQ_TEST_RABBITMQ"));

    /// <summary>A connection string without a database.</summary>
    public string Database => Variable("SCITQ_TEST_POSTGRES");

    /// <summary>One of the programs as its users run it.</summary>
    public static string Program(string name)
    {
        var file = Path.Combine(Variable("SCITQ_BIN"), name);
        return File.Exists(file) ? file : throw new BenchException($"{file} is not there: ./bench.sh builds it.");
    }

    public static async Task<Bench> StartAsync(BenchOptions options)
    {
        var bench = new Bench(options);
        bench.Meter.Group(Clients).Adopt(Environment.ProcessId);
        if (options.MovesData) return bench;
        bench.Meter.Group(RabbitMq).Adopt(int.Parse(Variable("SCITQ_PIDS_RABBITMQ")), whole: true);
        bench.Meter.Group(PostgreSql).Adopt(int.Parse(Variable("SCITQ_PIDS_POSTGRES")), whole: true);
        await Tools.CompileAsync(bench);
        return bench;
    }

    public static void Say(string text) => Console.Error.WriteLine($"  {text}");

    /// <summary>The ways to run Scitq that are asked for.</summary>
    public IEnumerable<ScitqSystem> Systems()
    {
        if (Options.Servers) yield return new ScitqServers(this);
        if (Options.Embedded) yield return new ScitqEmbedded(this);
    }

    public ValueTask DisposeAsync()
    {
        Meter.Dispose();
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>What bench.sh has set.</summary>
    /// <exception cref="BenchException">It has not.</exception>
    public static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            ? value
            : throw new BenchException($"{name} is not set: run ./bench.sh, which starts the servers.");
}

/// <summary>The benchmark can't go on; the message is for the user.</summary>
internal sealed class BenchException(string message) : Exception(message);

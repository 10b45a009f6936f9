using System.Globalization;

namespace Scitq.Benchmarks;

/// <summary>What is measured and how much of it.</summary>
internal sealed record BenchOptions
{
    public required string Name { get; init; }

    public string? Json { get; init; }

    public int? Tasks { get; init; }

    public int Rounds { get; init; } = 3;

    public int? Prefetch { get; init; }

    public IReadOnlyList<int> Slots { get; init; } = [2, 8];

    public bool Servers { get; init; } = true;

    public bool Embedded { get; init; } = true;

    public bool Peers { get; init; } = true;

    public IReadOnlyList<string> Stores { get; init; } = ["s3", "azure"];

    /// <summary>Bytes of the large file.</summary>
    public long? Bytes { get; init; }

    public int Keys { get; init; } = 1_000_000;

    /// <summary>Whether it measures scitq-fetch, and wants stores in place of the broker and the database.</summary>
    public bool MovesData => Name is "transfer" or "transfer-memory";

    public static readonly string Usage =
        """
        usage: bench.sh NAME [options]

          protocol     tasks that run nothing: what Scitq itself costs
          end-to-end   tasks that run `true`, against Celery and GNU parallel
          submit       many in one call, one by one, and scitq-launch as a process
          latency      from the submit call to the first instruction of the process, on an idle system
          million      a million queued tasks: broker, status, a new agent's first task
          memory       a task that prints 2 GB
          staging      tasks with data on S3: what it adds, a resource shared by 1,000, 20 GB through one agent
          transfer     scitq-fetch against rclone: one large file, 2,000 small ones, a listing, on S3 and Azure
          transfer-memory   memory of scitq-fetch: a 10 GB file up and down, a listing of a million keys

          --json FILE        also write the figures as JSON
          --tasks N          how many (default: protocol 30000, end-to-end and submit 10000, latency 120, million 1000000)
          --rounds N         how often everything is measured, alternately (default 3)
          --slots N,N        slots of end-to-end (default 2,8)
          --prefetch N       tasks staged ahead by the agent (default 32; protocol 256)
          --only servers|embedded   RabbitMQ + PostgreSQL, or scitq-standalone (default both)
          --no-peers         without Celery and GNU parallel
          --stores s3,azure  which stores transfer and transfer-memory use (default both)
          --bytes N          bytes of the large file (default: transfer 2000000000, staging and transfer-memory 10000000000)
          --keys N           keys that transfer-memory lists (default 1000000)
        """;

    /// <exception cref="ArgumentException">They can't be read; the message is for the user.</exception>
    public static BenchOptions Read(IReadOnlyList<string> args)
    {
        if (args.Count == 0 || args[0].StartsWith('-')) throw new ArgumentException("the name of a benchmark comes first.");
        var options = new BenchOptions { Name = args[0] };
        for (var i = 1; i < args.Count; i++)
        {
            var name = args[i];
            string Value() => ++i < args.Count ? args[i] : throw new ArgumentException($"{name} needs a value.");
            options = name switch
            {
                "--json" => options with { Json = Path.GetFullPath(Value()) },
                "--tasks" => options with { Tasks = (int)Number(name, Value()) },
                "--rounds" => options with { Rounds = (int)Number(name, Value()) },
                "--prefetch" => options with { Prefetch = (int)Number(name, Value()) },
                "--slots" => options with { Slots = [.. Value().Split(',').Select(v => (int)Number(name, v))] },
                "--only" => Value() switch
                {
                    "servers" => options with { Embedded = false },
                    "embedded" => options with { Servers = false },
                    var other => throw new ArgumentException($"--only '{other}' is neither servers nor embedded."),
                },
                "--stores" => options with { Stores = Value().Split(',') },
                "--bytes" => options with { Bytes = Number(name, Value()) },
                "--keys" => options with { Keys = (int)Number(name, Value()) },
                "--no-peers" => options with { Peers = false },
                _ => throw new ArgumentException($"unknown option {name}."),
            };
        }

        return options.Name == "staging" ? options with { Stores = ["s3"] } : options;
    }

    private static long Number(string name, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} '{text}' is not a number above 0.");
}

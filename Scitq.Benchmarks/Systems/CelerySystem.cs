using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Scitq.Benchmarks.Systems;

/// <summary>Celery over the same RabbitMQ; with a result store in the same PostgreSQL, or without any record of what was done.</summary>
internal sealed class CelerySystem(Bench bench, bool results) : IAsyncDisposable
{
    private readonly string _key = results ? "celery-postgresql" : "celery";
    private readonly Dictionary<string, string> _environment = [];
    private Process? _client;
    private Daemon? _worker;

    public string Name => results ? "Celery, PostgreSQL results" : "Celery, no results";

    public IReadOnlyList<string> Groups => results ? [_key, Bench.RabbitMq, Bench.PostgreSql] : [_key, Bench.RabbitMq];

    /// <summary>Whether it can be had here.</summary>
    public static bool IsInstalled =>
        File.Exists("/usr/bin/python3") && Modules.All(module => Directory.Exists("/usr/lib/python3/dist-packages/" + module));

    private static readonly string[] Modules = ["celery", "psycopg2", "sqlalchemy"];

    private string CountFile => Path.Combine(bench.Folder, _key + ".count");

    public async Task StartAsync()
    {
        var broker = bench.Broker;
        _environment["PEER_BROKER"] = $"pyamqp://{broker.UserInfo}@{broker.Host}:{broker.Port}/{(broker.AbsolutePath.Length > 1 ? broker.AbsolutePath : "/")}";
        _environment["PEER_QUEUE"] = _key;
        _environment["PEER_COUNT"] = CountFile;
        _environment["PYTHONPATH"] = Tools.Peers;
        _environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (results)
        {
            await Databases.CreateAsync(bench.Database, "celery");
            var server = new NpgsqlConnectionStringBuilder(bench.Database);
            _environment["PEER_RESULTS"] = $"db+postgresql://{server.Username}:{server.Password}@{server.Host}:{server.Port}/celery";
        }

        await File.WriteAllTextAsync(CountFile, "");
        var start = Daemon.In(bench.Meter.Group(Bench.Clients), null, "/usr/bin/python3", Path.Combine(Tools.Peers, "celery_client.py"));
        (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
        foreach (var (name, value) in _environment) start.Environment[name] = value;
        _client = Process.Start(start)!;
        await AskAsync("purge");
    }

    /// <summary>Starts the worker and waits until it has run a task; one that runs is stopped first.</summary>
    public async Task StartWorkerAsync(int slots)
    {
        await StopWorkerAsync();
        _worker = Daemon.Start(bench, _key, "/usr/bin/python3", _environment, whole: true,
            ["-m", "celery", "-A", "celery_app", "worker", "-Q", _key, "-c", $"{slots}", "--without-gossip", "--without-mingle", "-n",
                $"{_key}{slots}@localhost"]);
        var before = Done;
        await SubmitAsync(1);
        await WaitAsync(before + 1);
    }

    /// <summary>Tasks that have ended, ever.</summary>
    public long Done => new FileInfo(CountFile).Length;

    /// <summary>The seconds that the calls took.</summary>
    public async Task<double> SubmitAsync(int count) => double.Parse(await AskAsync($"submit {count} true"), CultureInfo.InvariantCulture);

    /// <summary>The wall clock in ns when the call was entered.</summary>
    public async Task<long> SubmitOneAsync(IReadOnlyList<string> argv) =>
        long.Parse((await AskAsync("one " + string.Join(' ', argv))).Split(' ')[0], CultureInfo.InvariantCulture);

    public Task PurgeAsync() => AskAsync("purge");

    public Task WaitAsync(long count) => Waiting.CountAsync(() => Task.FromResult(Done), count, $"tasks of {Name} have ended", TimeSpan.FromMinutes(15));

    public async Task StopWorkerAsync()
    {
        if (_worker is not null) await _worker.DisposeAsync();
        _worker = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkerAsync();
        if (_client is null) return;
        _client.StandardInput.Close();
        await _client.WaitForExitAsync();
        _client.Dispose();
    }

    private async Task<string> AskAsync(string order)
    {
        await _client!.StandardInput.WriteLineAsync(order);
        await _client.StandardInput.FlushAsync();
        return await _client.StandardOutput.ReadLineAsync() ?? throw new BenchException($"{Name}: its client has ended.");
    }
}

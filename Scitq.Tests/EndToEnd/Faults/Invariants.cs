using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>What holds after every fault, once all is quiet: nothing lost, nothing done twice, nothing left behind.</summary>
internal static class Invariants
{
    /// <summary>Waits until all tasks have ended, and asserts all of it.</summary>
    /// <param name="cluster">The cluster, with its coordinator and broker up; agents that are down are not looked at again.</param>
    /// <param name="timeout">How long tasks may take to end.</param>
    /// <param name="malformed">Whether messages were sent that can't be handled.</param>
    public static async Task AssertInvariantsAsync(this Cluster cluster, TimeSpan? timeout = null, bool malformed = false)
    {
        await cluster.WaitForAllAsync(timeout);
        var tasks = await cluster.QueryAsync(
            "select id, name, state, attempt, output, lease, retries_left, retry, losses from (select *, spec->>'output' as output, "
                + "coalesce((spec->>'retry')::int, 0) as retry from task) t",
            r => new TaskRow(
                r.GetGuid(0), r.IsDBNull(1) ? "" : r.GetString(1), r.GetString(2), r.GetInt32(3), r.IsDBNull(4) ? null : r.GetString(4), r.IsDBNull(5),
                r.GetInt32(6), r.GetInt32(7), r.GetInt32(8)));
        var attempts = (await cluster.QueryAsync(
                "select task_id, attempt, outcome, outputs::text, redelivers from attempt order by attempt",
                r => new AttemptRow(r.GetGuid(0), r.GetInt32(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.IsDBNull(4) ? null : r.GetInt32(4))))
            .ToLookup(a => a.Task);
        var starts = (await cluster.LedgerAsync()).ToLookup(s => s.Name, s => s.Attempt);

        // Nothing lost, nothing doubled, nothing made up.
        Assert.Equal(cluster.Submitted.Order(), tasks.Select(t => t.Id).Order());
        foreach (var task in tasks)
        {
            var own = attempts[task.Id].ToList();
            Assert.Equal(Enumerable.Range(1, task.Attempt), own.Select(a => a.Number));
            Assert.True(task.Leaseless, $"Task {task.Name} has ended and still has a lease.");
            Assert.Equal(task.State == "succeeded" ? own.TakeLast(1) : [], own.Where(a => a.Outcome == "succeeded"));
            Assert.Equal(Math.Max(0, task.Retry - own.Count(a => a is { Outcome: "failed", Redelivers: null })), task.RetriesLeft);
            Assert.Equal(own.Count(a => a.Outcome == "lost"), task.Losses);

            // No attempt is started twice, and none that nobody knows.
            var started = starts[task.Name].ToList();
            Assert.Equal(started.Distinct(), started);
            Assert.Subset(own.Where(a => a.Redelivers is null).Select(a => a.Number).ToHashSet(), started.ToHashSet());
            if (task is { State: "succeeded", Output: { } output }) await AssertDeliveredAsync(output, own[^1]);
        }

        // What is swept from the error queues is found in the history.
        if (!malformed) Assert.Empty(await cluster.QueryAsync("select detail from task_event where kind in ('malformed', 'refused')", r => r.GetString(0)));
        await AssertNothingIsLeftAsync(cluster);
    }

    /// <summary>Processes whose environment has the cluster's mark: those of its tasks, in containers too.</summary>
    public static IEnumerable<int> ProcessesMarked(string mark, Func<byte[], bool>? also = null)
    {
        var wanted = Encoding.ASCII.GetBytes($"SCITQ_TEST_MARK={mark}");
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            byte[] environment;
            try
            {
                environment = File.ReadAllBytes($"{directory}/environ");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;           // ended meanwhile, or another user's
            }

            if (environment.AsSpan().IndexOf(wanted) >= 0 && also?.Invoke(environment) != false) yield return pid;
        }
    }

    /// <summary>Those of one attempt, or of all attempts on one worker.</summary>
    public static IEnumerable<int> ProcessesOf(Cluster cluster, int attempt) => ProcessesOf(cluster, $"SCITQ_ATTEMPT={attempt}");

    /// <inheritdoc cref="ProcessesOf(Cluster, int)"/>
    public static IEnumerable<int> ProcessesOf(Cluster cluster, AgentUnderTest agent) => ProcessesOf(cluster, $"SCITQ_WORKER={agent.Name}");

    private static IEnumerable<int> ProcessesOf(Cluster cluster, string variable)
    {
        var wanted = Encoding.ASCII.GetBytes($"\0{variable}\0");
        return ProcessesMarked(cluster.Mark, environment => environment.AsSpan().IndexOf(wanted) >= 0);
    }

    private static async Task AssertNothingIsLeftAsync(Cluster cluster)
    {
        await Eventually.Async(() => !ProcessesMarked(cluster.Mark).Any(), "no process of a task is left", Cluster.Patience);
        foreach (var agent in cluster.Agents)
        {
            var tasks = Path.Combine(agent.WorkDir, "tasks");
            await Eventually.Async(() =>
                !Directory.Exists(tasks) || !Directory.EnumerateFileSystemEntries(tasks).Any(), $"{agent.Name} has no work directory left", Cluster.Patience);
        }

        if (TestEnvironment.Optional("SCITQ_TEST_DOCKER") is not null)
        {
            using var docker = new DockerFixture();
            foreach (var agent in cluster.Agents)
                await Eventually.Async(async () => (await docker.CliAsync("ps", "-aq", "--filter", $"label=scitq.worker={agent.Name}")).Length == 0,
                    $"{agent.Name} has no container left", Cluster.Patience);
        }

        // Ready and unacknowledged: work, orders, and what could not be handled.
        await Eventually.Async(
            async () => (await cluster.QueuesAsync()).Where(q => !q.Key.StartsWith("scitq.worker", StringComparison.Ordinal)).All(q => q.Value == 0),
            "all queues are empty", Cluster.Patience);
        Assert.DoesNotContain(await cluster.QueuesAsync(), q =>
            (q.Key.EndsWith("_error", StringComparison.Ordinal) || q.Key.EndsWith("_skipped", StringComparison.Ordinal)) && q.Value > 0);
    }

    private static async Task AssertDeliveredAsync(string output, AttemptRow winner)
    {
        var folder = new Uri(output).LocalPath;
        Assert.NotNull(winner.Outputs);
        foreach (var file in JsonSerializer.Deserialize<JsonElement[]>(winner.Outputs)!)
        {
            var path = Path.Combine(folder, file.GetProperty("name").GetString()!);
            Assert.Equal(file.GetProperty("size").GetInt64(), new FileInfo(path).Length);
            await using var content = File.OpenRead(path);
            Assert.Equal(file.GetProperty("md5")
                .GetString(), Convert.ToHexStringLower(await CryptographicOperations.HashDataAsync(HashAlgorithmName.MD5, content)));
        }

        Assert.Equal((winner.Redelivers ?? winner.Number).ToString(CultureInfo.InvariantCulture), (await File.ReadAllTextAsync(Path.Combine(folder, "attempt")))
            .Trim());
    }

    private sealed record TaskRow(Guid Id, string Name, string State, int Attempt, string? Output, bool Leaseless, int RetriesLeft, int Retry, int Losses);

    private sealed record AttemptRow(Guid Task, int Number, string Outcome, string? Outputs, int? Redelivers);
}

using System.Net.ServerSentEvents;

namespace Scitq.Coordinator.Api.Live;

/// <summary>Everything, or what has changed since the event before. A topic that was not asked for is null.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="Batches">Batches, as the list of batches has them.</param>
/// <param name="Workers">Workers, as the list of workers has them.</param>
/// <param name="Tasks">Tasks that workers have in hand.</param>
/// <param name="Gone">Names of batches and workers and numbers of tasks that are no longer among these.</param>
internal sealed record LiveEvent(
    DateTime At, IReadOnlyList<object>? Batches, IReadOnlyList<object>? Workers, IReadOnlyList<object>? Tasks, IReadOnlyDictionary<string, string[]> Gone);

/// <summary>What one client wants to see.</summary>
/// <param name="Topics">Of <c>batches</c>, <c>workers</c> and <c>tasks</c>.</param>
/// <param name="Batches">Only of these; all where it is empty.</param>
internal sealed record LiveWishes(IReadOnlyCollection<string> Topics, IReadOnlyCollection<string> Batches)
{
    public static readonly IReadOnlyList<string> AllTopics = ["batches", "workers", "tasks"];

    /// <summary>What is new for somebody who has seen a state; null when nothing is.</summary>
    public SseItem<object>? Compare(LiveState seen, LiveState now)
    {
        var gone = new Dictionary<string, string[]>();
        var batches = Changed("batches", seen.Batches, now.Batches, gone);
        var workers = Changed("workers", seen.Workers, now.Workers, gone);
        var tasks = Changed("tasks", seen.Tasks, now.Tasks, gone);
        var isFirst = seen.Version == 0;
        if (!isFirst && gone.Count == 0 && batches is null or [] && workers is null or [] && tasks is null or []) return null;
        return new SseItem<object>(new LiveEvent(now.At, batches, workers, tasks, gone), isFirst ? "snapshot" : "changes")
        {
            EventId = now.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    private List<object>? Changed(
        string topic, IReadOnlyDictionary<string, LiveRow> seen, IReadOnlyDictionary<string, LiveRow> now, Dictionary<string, string[]> gone)
    {
        if (!Topics.Contains(topic)) return null;
        string[] missing = [.. seen.Where(s => IsWanted(s.Value) && !(now.TryGetValue(s.Key, out var row) && IsWanted(row))).Select(s => s.Key)];
        if (missing.Length > 0) gone[topic] = missing;
        return [.. now.Where(n => IsWanted(n.Value) && !(seen.TryGetValue(n.Key, out var row) && IsWanted(row) && row.Text == n.Value.Text))
            .Select(n => n.Value.View)];
    }

    private bool IsWanted(LiveRow row) => Batches.Count == 0 || Batches.Contains(row.Batch);
}

using System.Globalization;
using System.Text.Json;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>What the server's events make of batches, workers and running tasks.</summary>
internal sealed class LiveModel
{
    private readonly SortedDictionary<string, JsonElement> _batches = new(StringComparer.Ordinal), _workers = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, JsonElement> _tasks = [];

    public DateTimeOffset? At { get; private set; }

    public IReadOnlyCollection<JsonElement> Batches => _batches.Values;

    public IReadOnlyCollection<JsonElement> Workers => _workers.Values;

    /// <summary>The oldest first.</summary>
    public IReadOnlyCollection<JsonElement> Tasks => _tasks.Values;

    public void Apply(string kind, JsonElement data)
    {
        if (kind == "snapshot")
        {
            _batches.Clear();
            _workers.Clear();
            _tasks.Clear();
        }

        At = data.Time("at") ?? At;
        foreach (var batch in data.Items("batches")) _batches[batch.Text("batch") ?? ""] = batch;
        foreach (var worker in data.Items("workers")) _workers[worker.Text("name") ?? ""] = worker;
        foreach (var task in data.Items("tasks")) _tasks[task.Number("task_id") ?? 0] = task;
        if (!data.TryGetProperty("gone", out var gone) || gone.ValueKind != JsonValueKind.Object) return;
        foreach (var name in gone.Texts("batches")) _batches.Remove(name);
        foreach (var name in gone.Texts("workers")) _workers.Remove(name);
        foreach (var number in gone.Texts("tasks")) _tasks.Remove(long.Parse(number, CultureInfo.InvariantCulture));
    }
}

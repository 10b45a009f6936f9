using System.Globalization;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>Tells of many submitted tasks: a summary, or each id when asked for.</summary>
internal sealed class ManyReport(ToolIo io, bool quiet, bool json)
{
    private readonly HashSet<string> _batches = [];
    private readonly List<(long First, long Last)> _ranges = [];
    private long _queued, _refused, _unnumbered;

    /// <summary>The numbers given, as they came; kept as ranges, so that a million tasks take no more room than one.</summary>
    public IEnumerable<string> Numbers =>
        _ranges.SelectMany(r => LongRange(r.First, r.Last)).Select(n => n.ToString(CultureInfo.InvariantCulture));

    /// <summary>How many have a number.</summary>
    public long Numbered => _queued - _unnumbered;

    public void Add(TaskSpec spec, SubmittedTask task)
    {
        if (task.Problem is { } problem)
        {
            _refused++;
            io.Error.WriteLine($"{LaunchCommand.Program}: task {task.TaskId} was refused: {Display.Clean(problem)}");
            return;
        }

        _queued++;
        if (_batches.Count < 1000) _batches.Add(spec.Batch);
        if (task.Number is not { } number) _unnumbered++;
        else if (_ranges.Count > 0 && _ranges[^1].Last + 1 == number) _ranges[^1] = (_ranges[^1].First, number);
        else _ranges.Add((number, number));
        if (json) io.Out.WriteLine($"{{\"task_id\":{task.Number?.ToString(CultureInfo.InvariantCulture) ?? "null"},\"id\":\"{task.TaskId}\"}}");
        else if (quiet) io.Out.WriteLine(task.Number?.ToString(CultureInfo.InvariantCulture) ?? task.TaskId.ToString());
    }

    /// <summary>The summary; gives how many were refused.</summary>
    public long Finish(TextWriter writer)
    {
        if (!quiet && !json)
        {
            var ids = _ranges.Count switch
            {
                0 => "",
                <= 10 => $" (ids {string.Join(' ', _ranges.Select(r => r.First == r.Last ? $"{r.First}" : $"{r.First}-{r.Last}"))})",
                _ => $" (ids between {_ranges.Min(r => r.First)} and {_ranges.Max(r => r.Last)})",
            };
            var where = _batches.Count == 1 ? $"in batch {_batches.First()}" : $"in {_batches.Count} batches";
            writer.WriteLine($"Queued {Display.Count(_queued)} {(_queued == 1 ? "task" : "tasks")}{ids} {where}");
        }

        if (_unnumbered > 0) io.Error.WriteLine($"{LaunchCommand.Program}: no coordinator answers; the broker keeps {Display.Count(_unnumbered)} tasks, and "
            + "the coordinator will number them when it is back");
        io.Out.Flush();
        return _refused;
    }

    private static IEnumerable<long> LongRange(long first, long last)
    {
        for (var n = first; n <= last; n++) yield return n;
    }
}

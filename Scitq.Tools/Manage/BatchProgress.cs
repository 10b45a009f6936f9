using System.Globalization;
using System.Text;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>
/// Shows how far batches are, as the server tells it, until they have ended: on a terminal a line each that is painted anew, in a pipe a line each ten
/// seconds and at the end.
/// </summary>
internal sealed class BatchProgress(ManageContext context, IReadOnlyList<string> batches)
{
    private const int BarWidth = 30;
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10), RateOver = TimeSpan.FromMinutes(5), ShortestRate = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly LiveModel _model = new();
    private readonly Dictionary<string, Queue<(long At, long Ended)>> _history = batches.ToDictionary(b => b, _ => new Queue<(long, long)>());
    private readonly bool _paints = context.Io.CanPaint && context.Format == Format.Table && !context.Quiet;
    private readonly bool _json = context.Format is Format.Json or Format.Jsonl;
    private int _painted;

    /// <summary>Exits with 0 when all tasks succeeded, else 1.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        context.Io.WatchInterrupts();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, context.Cancel);
        // An unknown batch is an error, not one that has ended.
        foreach (var batch in batches) (await context.Rest.GetAsync(BatchVerbs.Path(batch), context.Patience, either.Token)).Dispose();
        var query = string.Join('&', batches.Select(b => $"batch={Uri.EscapeDataString(b)}").Prepend("topics=batches"));
        try
        {
            await using var lines = new Background(stop => _paints || _json || context.Quiet ? Task.CompletedTask : TellAsync(stop));
            await foreach (var (kind, data) in new LiveStream(context.Rest, context.Io, query, Patience.ForWaiting(context.Timeout)).ReadAsync(either.Token))
            {
                lock (_lock)
                {
                    _model.Apply(kind, data);
                    foreach (var batch in Ours()) Note(batch);
                    if (_paints) Paint();
                }

                if (Ours() is var ours && ours.Count == batches.Count && ours.TrueForAll(b => Ended(b) == Total(b))) break;
            }
        }
        catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
        {
            context.Io.Error.WriteLine($"{ManageCommand.Program}: interrupted; the tasks go on");
            return ExitCodes.Interrupted;
        }

        return Finish();
    }

    private int Finish()
    {
        var ours = Ours();
        if (_json)
        {
            var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && batches.Count > 1);
            foreach (var batch in ours) rows.Write(batch);
            rows.Finish();
        }
        else if (!_paints && !context.Quiet)
        {
            foreach (var batch in ours) context.Io.Out.WriteLine(Line(batch, bar: false));
        }

        return ours.TrueForAll(b => b.Number("succeeded") == Total(b)) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private async Task TellAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(BetweenLines, context.Io.Clock, stop);
                lock (_lock)
                    foreach (var batch in Ours()) context.Io.Out.WriteLine(Line(batch, bar: false));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private void Paint()
    {
        var text = new StringBuilder();
        if (_painted > 0) text.Append(CultureInfo.InvariantCulture, $"\x1b[{_painted}A");
        var ours = Ours();
        foreach (var batch in ours)
        {
            var line = Line(batch, bar: true);
            // A line that wraps would be two, and the next painting begin too low.
            text.Append('\r').Append(line.Length < context.Io.Width ? line : line[..(context.Io.Width - 1)]).Append("\x1b[K\n");
        }

        _painted = ours.Count;
        context.Io.Painted.Write(text);
        context.Io.Painted.Flush();
    }

    private string Line(JsonElement batch, bool bar)
    {
        var (ended, total, failed) = (Ended(batch), Total(batch), (batch.Number("failed") ?? 0) + (batch.Number("cancelled") ?? 0));
        var percent = total == 0 ? 100 : 100 * ended / total;
        var text = new StringBuilder(batch.Text("batch")).Append("  ");
        var filled = total == 0 ? BarWidth : (int)(BarWidth * ended / total);
        if (bar) text.Append('━', filled).Append('─', BarWidth - filled).Append("  ");
        text.Append(CultureInfo.InvariantCulture, $"{percent} %  {ended}/{total}  {batch.Number("running") ?? 0} running");
        if (failed > 0) text.Append(CultureInfo.InvariantCulture, $"  {failed} without success");
        if (batch.Text("status") == "stopped") return text.Append("  stopped").Append(Because(batch.Text("stopped_reason"))).ToString();
        if (ended < total && Rate(batch) is { } rate and > 0)
            text.Append(CultureInfo.InvariantCulture, $"  {60 * rate:0.0} tasks/min  ~{Duration.Show(TimeSpan.FromSeconds((total - ended) / rate))} left");
        return text.ToString();
    }

    private void Note(JsonElement batch)
    {
        var history = _history[batch.Text("batch")!];
        history.Enqueue((context.Io.Clock.GetTimestamp(), Ended(batch)));
        while (context.Io.Clock.GetElapsedTime(history.Peek().At) > RateOver && history.Count > 2) history.Dequeue();
    }

    /// <summary>Tasks that ended, a second, in the last minutes; null while that can't be told yet.</summary>
    private double? Rate(JsonElement batch)
    {
        var first = _history[batch.Text("batch")!].Peek();
        var time = context.Io.Clock.GetElapsedTime(first.At);
        return time < ShortestRate ? null : Math.Max(0, Ended(batch) - first.Ended) / time.TotalSeconds;
    }

    private List<JsonElement> Ours() => [.. _model.Batches.Where(b => batches.Contains(b.Text("batch") ?? ""))];

    private static string Because(string? reason) => reason is null ? "" : $": {Display.Clean(reason)}";

    private static long Ended(JsonElement batch) => (batch.Number("succeeded") ?? 0) + (batch.Number("failed") ?? 0) + (batch.Number("cancelled") ?? 0);

    private static long Total(JsonElement batch) => batch.Number("total") ?? 0;
}

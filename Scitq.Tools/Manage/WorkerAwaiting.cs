using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Waits until workers have done what they were told.</summary>
internal sealed class WorkerAwaiting
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly ManageContext _context;
    private readonly RowWriter? _rows;
    private readonly long _start;

    /// <param name="context">The call.</param>
    /// <param name="rows">Takes the server's objects as they are at the end; null where people are told.</param>
    public WorkerAwaiting(ManageContext context, RowWriter? rows)
    {
        (_context, _rows, _start) = (context, rows, context.Io.Clock.GetTimestamp());
        context.Io.WatchInterrupts();
    }

    /// <summary>Until an order's outcome is known.</summary>
    public async Task CarriedOutAsync(JsonElement acted)
    {
        var (worker, id) = (Name(acted), acted.Number("order_id"));
        await UntilAsync(worker, $"has not carried out order {id}", "the order stays", async () =>
        {
            using var list = await _context.Rest.GetAsync($"{WorkerSelection.Path(worker)}/orders?limit=0", _context.Patience, _context.Cancel);
            var order = list.RootElement.EnumerateArray().FirstOrDefault(o => o.Number("order_id") == id);
            if (order.ValueKind != JsonValueKind.Object || order.Time("done") is null) return false;
            Say(worker, $": {order.Text("outcome")}", order);
            return true;
        });
    }

    /// <summary>Until the worker has left, or has drained and can't leave.</summary>
    public async Task DrainedAsync(JsonElement acted)
    {
        var worker = Name(acted);
        await UntilAsync(worker, "has not drained", "it goes on", async () =>
        {
            using var answer = await _context.Rest.GetAsync(WorkerSelection.Path(worker), _context.Patience, _context.Cancel);
            var row = answer.RootElement;
            switch (row.Text("status"))
            {
                case "offline" when !row.Flag("draining"):
                    Say(worker, " has drained and left", row);
                    return true;
                case "drained":
                    Say(worker, " has drained", row);
                    return true;
                case not ("draining" or "offline"):
                    throw new ToolException(ExitCodes.WrongState, "wrong_state", $"worker {worker} was resumed before it had drained");
                default:
                    return false;
            }
        });
    }

    /// <summary>Until the worker is forgotten.</summary>
    public async Task DeletedAsync(JsonElement acted)
    {
        var worker = Name(acted);
        await UntilAsync(worker, "has not left", "it goes on", async () =>
        {
            try
            {
                // By its number: the name may be another's by now.
                using var answer = await _context.Rest.GetAsync($"workers/{acted.Number("worker_id")}", _context.Patience, _context.Cancel);
                if (answer.RootElement.Text("status") is not ("draining" or "drained" or "offline"))
                    throw new ToolException(ExitCodes.WrongState, "wrong_state", $"worker {worker} was resumed before it had left");
                return false;
            }
            catch (ToolException e) when (e.ExitCode == ExitCodes.NotFound)
            {
                Say(worker, " is deleted", acted);
                return true;
            }
        });
    }

    private static string Name(JsonElement acted) => acted.Text("worker") ?? "";

    private async Task UntilAsync(string worker, string failing, string rest, Func<Task<bool>> isDone)
    {
        while (!await isDone())
        {
            if (_context.Line.Has("timeout") && _context.Io.Clock.GetElapsedTime(_start) > _context.Timeout)
                throw new ToolException(
                    ExitCodes.TimedOut, "timeout",
                    $"worker {worker} {failing} after {Duration.Show(_context.Timeout)}; {rest}", "See: scitq-manage worker list");
            await Task.Delay(LookAgain, _context.Io.Clock, _context.Cancel);
        }
    }

    private void Say(string worker, string text, JsonElement row)
    {
        if (_rows is not null) _rows.Write(row);
        else if (!_context.Quiet) _context.Io.Out.WriteLine($"Worker {Display.Clean(worker)}{Display.Clean(text)}");
    }
}

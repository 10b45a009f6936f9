using System.Globalization;
using System.Text.RegularExpressions;

namespace Scitq.Tools.Server;

/// <summary>Says on standard error why a task that is waited for does not start: at first after a moment, then when the reason changes.</summary>
internal sealed partial class StallNotes(RestClient rest, ToolIo io, Patience patience)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3), Pause = TimeSpan.FromSeconds(15);

    private string? _told;

    /// <summary>Goes on until it is cancelled; <paramref name="current"/> gives the task that is waited for.</summary>
    public async Task RunAsync(Func<string?> current, ProgressText progress, CancellationToken cancel)
    {
        try
        {
            for (var pause = Moment; ; pause = Pause)
            {
                await Task.Delay(pause, io.Clock, cancel);
                if (current() is { } id) await TellAsync(id, progress, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The wait is over.
        }
        catch (Exception e) when (e is ToolException or IOException)
        {
            // A courtesy only: whoever waits meets the same trouble, and tells it.
        }
    }

    private async Task TellAsync(string id, ProgressText progress, CancellationToken cancel)
    {
        using var answer = await rest.GetAsync($"tasks/{id}/explain", patience, cancel);
        var (status, why) = (answer.RootElement.Text("status"), answer.RootElement.Text("why"));
        if (status is not ("waiting" or "pending") || why is null) return;
        // Figures change all the time; only another reason is news.
        var gist = Figures().Replace($"{id} {why}", "");
        if (gist == _told) return;
        _told = gist;
        progress.Clear();
        io.Error.WriteLine($"Task {answer.RootElement.Number("task_id")?.ToString(CultureInfo.InvariantCulture) ?? id} is {status}: {Display.Clean(why)}");
        foreach (var detail in answer.RootElement.Texts("details")) io.Error.WriteLine($"  {Display.Clean(detail)}");
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Figures();
}

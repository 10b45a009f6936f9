using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>Waits for the end of tasks by long polls.</summary>
internal sealed class TaskWaiter(RestClient rest, Patience patience)
{
    private const int OnePoll = 30;

    /// <summary>The task once it has ended.</summary>
    public async Task<JsonElement> WaitAsync(string id, CancellationToken cancel)
    {
        while (true)
        {
            using var task = await rest.GetAsync($"tasks/{id}?wait={OnePoll}", patience, cancel);
            if (TaskEnd.IsTerminal(task.RootElement)) return task.RootElement.Clone();
        }
    }
}

using System.Text.Json;
using Scitq.Contracts.Messages;
using Scitq.Tools.Server;

namespace Scitq.Tools.Launch;

/// <summary>Submits by the REST API: one task, or many that are all taken or none.</summary>
internal sealed class RestSubmitter(RestClient rest, TimeSpan timeout) : ISubmitter
{
    private readonly Patience _patience = Patience.ForSubmission(timeout);

    public async Task<IReadOnlyList<SubmittedTask>> SubmitAsync(IReadOnlyList<SubmitTask> tasks, CancellationToken cancel)
    {
        if (tasks is [var only])
        {
            using var one = await rest.PostAsync("tasks", SpecJson.Submission(only), only.TaskId, _patience, cancel);
            return [Read(one.RootElement, only)];
        }

        // The key of a chunk is the id of its first task: the ids themselves make it repeatable.
        using var many = await rest.PostAsync("tasks/bulk", SpecJson.Submission(tasks), tasks[0].TaskId, _patience, cancel);
        return [.. many.RootElement.Items("tasks").Zip(tasks, Read)];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static SubmittedTask Read(JsonElement answer, SubmitTask task) =>
        new() { TaskId = task.TaskId, Number = answer.Number("task_id") };
}

using System.Text.Json;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>A verb that asks the server for something about workers, one or many.</summary>
/// <param name="Name">Its name, to the server as well.</param>
/// <param name="Done">What would be done with workers: "drained".</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Examples">For the help; each works as written.</param>
internal sealed record WorkerAction(string Name, string Done, string Summary, params IReadOnlyList<string> Examples)
{
    /// <summary>Its own options, beside those of all actions.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>What is said of a worker with which it was done, after its name.</summary>
    public required Func<JsonElement, string> Says { get; init; }

    /// <summary>Waits until it has come to its end, and says how; given the server's answer about one worker.</summary>
    public required Func<WorkerAwaiting, JsonElement, Task> WaitAsync { get; init; }

    public Verb Verb => new("worker", Name, Summary, "[NAME...]",
        [
            WorkerOptions.Name, WorkerOptions.Id, WorkerOptions.Batch, .. Options, WorkerOptions.Wait,
            TaskOptions.Reason with { Help = "kept in the history" }, TaskOptions.DryRun,
        ],
        Examples, context => new WorkerActing(context, this).RunAsync());
}

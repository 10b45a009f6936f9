using System.Text.Json;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>A verb that asks the server for something about tasks, one or many.</summary>
/// <param name="Name">Its name, to the server as well.</param>
/// <param name="Done">What has been done with a task then: "cancelled".</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Examples">For the help; each works as written.</param>
internal sealed record TaskAction(string Name, string Done, string Summary, params IReadOnlyList<string> Examples)
{
    /// <summary>Another name.</summary>
    public string? Alias { get; init; }

    /// <summary>How the help shows what may follow.</summary>
    public string Operands { get; init; } = "[ID...]";

    /// <summary>Those operands that are tasks, where not all are.</summary>
    public Func<ParsedLine, IEnumerable<string>>? Tasks { get; init; }

    /// <summary>Whether it changes the tasks themselves, and what would change is shown before.</summary>
    public bool ShowsChanges { get; init; }

    /// <summary>What else to say of a task with which it is done, if anything.</summary>
    public Func<JsonElement, string?>? Note { get; init; }

    /// <summary>Its own, beside those of all actions.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>Whether it takes a while until it is done with a task, which is told so.</summary>
    public bool TakesTime { get; init; }

    /// <summary>Writes what its own options say into the request.</summary>
    public Action<ManageContext, Utf8JsonWriter>? Arguments { get; init; }

    public Verb Verb => new("task", Name, Summary, Operands, [.. TaskOptions.Selection, .. Options, TaskOptions.Reason, TaskOptions.DryRun], Examples,
        context => new TaskActing(context, this).RunAsync()) { Alias = Alias };
}

using System.ComponentModel.DataAnnotations;
using Scitq.Hosting.Configuration;

namespace Scitq.Agent.Debugging;

/// <summary>The task that is run at a terminal, and how.</summary>
internal sealed record DebugOptions
{
    /// <summary>The task as the REST API gives it.</summary>
    [ServiceOption("task-file", "FILE", "JSON file with the task, as the REST API gives it")]
    [Required(ErrorMessage = "{0} is missing: it names a file with the task, as the REST API gives it.")]
    public string TaskFile { get; init; } = "";

    /// <summary>Whether a shell runs in place of the command.</summary>
    [ServiceOption("shell", null, "a shell in place of the command")]
    public bool Shell { get; init; }

    /// <summary>Whether what an earlier run has fetched is used again.</summary>
    [ServiceOption("reuse", null, "use what an earlier run of the task has fetched")]
    public bool Reuse { get; init; }

    /// <summary>Whether the task goes without its resources.</summary>
    [ServiceOption("no-resource", null, "without the task's resources")]
    public bool NoResource { get; init; }
}

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What may be said with a relaunch.</summary>
internal sealed record RelaunchArguments : ActionArguments
{
    /// <summary>Whether the retries that a task has spent stay spent.</summary>
    public bool KeepRetries { get; init; }
}

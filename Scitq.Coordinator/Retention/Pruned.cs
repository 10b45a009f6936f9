namespace Scitq.Coordinator.Retention;

/// <summary>So much is no longer kept.</summary>
/// <param name="Tasks">Tasks, with their attempts, history and output.</param>
/// <param name="Logs">Tasks that stay and whose output goes.</param>
/// <param name="LogBytes">The bytes of that output.</param>
/// <param name="Events">Events; those that go with a task are not counted.</param>
internal readonly record struct Pruned(long Tasks, long Logs, long LogBytes, long Events)
{
    public bool IsNothing => Tasks + Logs + Events == 0;
}

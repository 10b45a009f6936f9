namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>
/// Where <see cref="TaskSagaRepository"/> leaves the outcome of a message, for a filter before it that wants to know: MassTransit's pipes return nothing.
/// </summary>
internal sealed class OutcomePlace
{
    public TaskOutcome Outcome { get; set; }
}

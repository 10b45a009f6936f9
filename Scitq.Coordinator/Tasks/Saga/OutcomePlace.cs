namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>Where <see cref="TaskSagaRepository"/> leaves what came of a message, for a filter before it that asks: MassTransit's pipes return nothing.</summary>
internal sealed class OutcomePlace
{
    public TaskOutcome Outcome { get; set; }
}

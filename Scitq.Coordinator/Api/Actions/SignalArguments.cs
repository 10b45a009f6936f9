using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What is said with a signal.</summary>
internal sealed record SignalArguments : ActionArguments
{
    /// <summary>Its name (USR1, SIGUSR1) or number, as a text.</summary>
    public string? Signal { get; init; }

    public int Number => Signals.TryParse(Signal, out var number) ? number : 0;

    public override void Check()
    {
        base.Check();
        if (Signal is null) throw new InvalidRequestException("the member 'signal' is missing: give a name like USR1, or a number.");
        if (Number == 0) throw new InvalidRequestException($"signal '{Signal}' is neither a name like USR1 nor a number from 1 to 64.");
    }
}

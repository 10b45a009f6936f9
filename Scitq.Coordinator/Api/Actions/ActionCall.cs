namespace Scitq.Coordinator.Api.Actions;

/// <summary>What was asked, and by whom.</summary>
internal sealed record ActionCall(ActionArguments Arguments, string By)
{
    public string? Reason => Arguments.Reason;
}

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What may be said with any action.</summary>
internal record ActionArguments
{
    /// <summary>Kept in the history of each task, in its caller's words.</summary>
    public string? Reason { get; init; }

    /// <summary>Looks at each by itself and at all together, before anything is done.</summary>
    /// <exception cref="InvalidRequestException">They make no sense.</exception>
    public virtual void Check()
    {
        if (Reason is { Length: > 1000 } || Reason?.Contains('\0') == true)
            throw new InvalidRequestException("the reason is longer than 1000 characters or holds a NUL byte.");
    }
}

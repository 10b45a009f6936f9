namespace Scitq.Agent.Staging;

/// <summary>
/// Brings what a transfer says of its troubles (<c>try 3 of 10: …</c>) to the attempt that it is for: the fetcher is shared by
/// all, and says it in the flow of whoever asked.
/// </summary>
internal static class TransferTroubles
{
    private static readonly AsyncLocal<Action<string>?> Listener = new();

    /// <summary>From here on in this flow, and in all that begin in it.</summary>
    public static void Listen(Action<string> listener) => Listener.Value = listener;

    public static void Tell(string trouble) => Listener.Value?.Invoke(trouble);
}

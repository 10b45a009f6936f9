namespace Scitq.Coordinator.Logs;

/// <summary>The disk where output is kept did not take it.</summary>
internal sealed class NotStoredException(string directory, Exception why) : Exception(Text(directory, why))
{
    private const int NoSpace = 28, Quota = 122, ReadOnly = 30;

    private static string Text(string directory, Exception why) => why.HResult switch
    {
        NoSpace or Quota => $"the coordinator's data disk is full ({directory})",
        ReadOnly => $"the coordinator's data disk is read-only ({directory})",
        _ => $"the coordinator can't write where it keeps output: {why.Message}",
    };
}

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Keeps other processes away from a part that programs write, who do not look themselves: a file <c>PART.lock</c>, there for as long as it is held.
/// A lock that a killed process has left holds nobody up.
/// </summary>
internal static class PartLock
{
    public const string Suffix = ".lock";

    /// <summary>Takes it; null when somebody else has it.</summary>
    public static FileStream? TryTake(string part)
    {
        try
        {
            return new FileStream(part + Suffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (Local.LocalErrors.MayBeLocked(e))
        {
            return null;
        }
    }
}

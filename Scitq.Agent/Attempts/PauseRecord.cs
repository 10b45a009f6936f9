using System.Text.Json;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Attempts;

/// <summary>
/// For how long a command has stood still, in its directory, so that an agent that takes it up knows how long it has run, and that it may stand still.
/// </summary>
/// <param name="Stood">All standstills that are over.</param>
/// <param name="Since">When the present one began: written before it does, and taken back once the command goes on (UTC).</param>
internal sealed record PauseRecord(TimeSpan Stood, DateTime? Since)
{
    public static readonly PauseRecord None = new(TimeSpan.Zero, null);

    /// <exception cref="IOException">It is not on the disk.</exception>
    public void Save(WorkDirectory directory)
    {
        var path = PathIn(directory);
        try
        {
            File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(this, ScitqJson.Bus));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public static PauseRecord Find(WorkDirectory directory)
    {
        var path = PathIn(directory);
        if (FileKinds.Of(path) != FileKind.File) return None;
        try
        {
            return JsonSerializer.Deserialize<PauseRecord>(File.ReadAllBytes(path), ScitqJson.Bus) ?? None;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Written by rename, it is torn only with the machine, and then nothing runs any more.
            return None;
        }
    }

    private static string PathIn(WorkDirectory directory) => Path.Combine(directory.Control, "pauses");
}

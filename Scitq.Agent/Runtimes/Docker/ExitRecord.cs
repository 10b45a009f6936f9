using System.Text.Json;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Runtimes.Docker;

/// <summary>
/// How a container ended, written before the container is removed: an agent that dies between the removal and its own
/// journal finds here what it would otherwise take for "never started".
/// </summary>
internal sealed record ExitRecord(Guid Lease, DateTime Started, RunExit Exit)
{
    private static string PathIn(WorkDirectory directory) => Path.Combine(directory.Control, "container-exit.json");

    /// <exception cref="IOException">It may not be on the disk.</exception>
    public void Save(WorkDirectory directory)
    {
        var path = PathIn(directory);
        using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, this);
            file.Flush();
            DiskFlush.Flush(file.SafeFileHandle);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public static ExitRecord? Find(WorkDirectory directory, Guid lease)
    {
        var path = PathIn(directory);
        var kind = FileKinds.Of(path);
        if (kind == FileKind.Missing) return null;
        try
        {
            using var file = kind == FileKind.File ? File.OpenRead(path) : Stream.Null;
            if (JsonSerializer.Deserialize<ExitRecord>(file) is { Exit: not null } record) return record.Lease == lease ? record : null;
        }
        catch (JsonException)
        {
            // Written by rename, it can be torn only by the machine.
        }

        return new ExitRecord(lease, File.GetLastWriteTimeUtc(path), new RunExit(null, Problem: "its container has ended, but the record of how is torn."));
    }
}

using System.Collections.Concurrent;
using Scitq.Fetch.Local;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Parts of other versions that earlier processes left, with what programs keep beside them. A directory is looked through once, not once a file:
/// there may be a hundred thousand of them.
/// </summary>
internal sealed class OldParts
{
    private readonly ConcurrentDictionary<string, Lazy<ILookup<string, string>>> _found = new(StringComparer.Ordinal);

    /// <summary>Removes those of a file that is whole now.</summary>
    public void Remove(string target)
    {
        var directory = Path.GetDirectoryName(target)!;
        foreach (var part in _found.GetOrAdd(directory, d => new Lazy<ILookup<string, string>>(() => Find(d))).Value[Path.GetFileName(target)])
        {
            // Programs, for which the lock is, get no names that are no text.
            using var held = ByteName.IsText(part) ? PartLock.TryTake(part) : null;
            if (held is not null || !ByteName.IsText(part)) PartFile.Delete(part);
        }
    }

    private static ILookup<string, string> Find(string directory) =>
        LocalFiles.NamesIn(directory)
            .Where(name => name.StartsWith('.') && name.Contains(".part", StringComparison.Ordinal))
            .Select(name => Path.Combine(directory, name))
            .Select(PartFile.Of)
            .Distinct()
            .Select(path => (Path: path, File: PartFile.FileOf(Path.GetFileName(path))))
            .Where(part => part.File is not null)
            .ToLookup(part => part.File!, part => part.Path, StringComparer.Ordinal);
}

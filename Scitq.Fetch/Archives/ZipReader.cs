using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Scitq.Fetch.Archives;

/// <summary>Unpacks a zip, checking what .NET does not: the CRC of each entry, and links, which it would write as files.</summary>
internal static class ZipReader
{
    private const int LongestTarget = 4096;

    public static async Task UnpackAsync(string archive, ArchiveTree files, CancellationToken ct)
    {
        await using var file = Archive.Open(archive);
        await using var zip = await ZipArchive.CreateAsync(file, ZipArchiveMode.Read, leaveOpen: true, Encoding.UTF8, ct);
        foreach (var entry in zip.Entries)
        {
            var mode = (entry.ExternalAttributes >> 16) & 0xFFFF;
            switch (mode & 0xF000)
            {
                case var _ when entry.FullName.EndsWith('/'):
                    files.Folder(entry.FullName);
                    break;
                case 0xA000:
                    if (entry.Length > LongestTarget) throw files.Refused(entry.FullName, "is a link that is too long");
                    await using (var link = await entry.OpenAsync(ct))
                    using (var text = new StreamReader(link, Encoding.UTF8))
                        files.SymbolicLink(entry.FullName, await text.ReadToEndAsync(ct));
                    break;
                case 0x1000 or 0x2000 or 0x6000 or 0xC000:
                    files.Skip(entry.FullName, "a FIFO, socket or device");
                    break;
                default:
                    var crc = new Crc32();
                    await using (var content = await entry.OpenAsync(ct))
                        await files.FileAsync(entry.FullName, content, (mode & 0x1FF) == 0 ? null : (UnixFileMode)(mode & 0x1FF), entry.LastWriteTime, ct, b => crc.Append(b.Span));
                    if (crc.GetCurrentHashAsUInt32() != entry.Crc32) throw new InvalidDataException($"the checksum of '{Redacted.Of(entry.FullName)}' is wrong.");
                    break;
            }
        }
    }
}

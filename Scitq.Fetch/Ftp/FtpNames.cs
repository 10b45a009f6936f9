using System.Text;

namespace Scitq.Fetch.Ftp;

/// <summary>Text as it crosses the control connection. RFC 2640 says UTF-8; servers that do not offer it send what their disks hold, Latin-1 mostly.</summary>
internal static class FtpNames
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Bytes that are no UTF-8 are taken for Latin-1, in which every byte is a character.</summary>
    public static string Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    /// <summary>Whether Latin-1 would send other bytes for it, and none of them a question mark.</summary>
    public static bool HasLatin(string text) => text.AsSpan().ContainsAnyInRange('\u0080', '\u00ff') && !text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff');
}

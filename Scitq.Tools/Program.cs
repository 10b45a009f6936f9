using Scitq.Tools;

// One executable, three commands: which one is told by the name it was called by.
using var io = ToolIo.OfProcess();
return await Commands.RunAsync(CalledAs.Read(), args, io);

import { channelContract } from './contract.ts';
import { SUBJECTS } from './subjects.ts';

for (const [name, start] of Object.entries(SUBJECTS)) channelContract(name, start);
